"""`echoclr predict` writes what predict_study gives, and names what is wrong."""

import pytest

from workflow_scripts.cli.main import main


def test_a_folder_is_scored(bundle_folder, patients, tmp_path, capsys):
    out = tmp_path / "scored"
    code = main(["predict", str(patients), "--model", str(bundle_folder), "--out", str(out), "--no-pages"])
    said = capsys.readouterr().out
    assert code == 0
    assert "studies scored" in said
    assert (out / "predictions.csv").is_file()


def test_a_gpu_that_is_not_there_is_said_before_anything_is_read(
    bundle_folder, patients, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("echoclr_core.training.gpu.gpu_fault", lambda: "no driver")
    asked = ["--model", str(bundle_folder), "--out", str(tmp_path / "out"), "--device", "cuda"]
    assert main(["predict", str(patients), *asked]) == 2
    said = capsys.readouterr().err
    assert "--device cuda: 1 GPU(s) were asked for and none works: no driver" in said
    assert "catalogue" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("folder", "model", "message"),
    [("none", "bundle", "there is no folder"), ("", "none", "is no bundle")],
)
def test_wrong_usage(bundle_folder, tmp_path, capsys, folder, model, message):
    model = str(bundle_folder) if model == "bundle" else model
    code = main(["predict", str(tmp_path / folder), "--model", model, "--out", str(tmp_path / "out")])
    assert code == 2
    assert message in capsys.readouterr().err
