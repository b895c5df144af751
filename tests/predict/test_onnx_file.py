"""A bundle's models as ONNX: the probabilities of PyTorch, nothing of the machine that wrote them."""

import dataclasses
import re

import numpy as np
import onnxruntime
import pytest
import torch

from echoclr_core.models.loading import load
from echoclr_core.predict import load_bundle, onnx_file
from echoclr_core.predict.export import export_bundle
from echoclr_core.predict.onnx_file import TOLERANCE, write_onnx

CLIPS = np.random.default_rng(0).integers(0, 256, (3, 4, 16, 16), dtype=np.uint8)
CLIPS[2] = 7  # blank: zeros, as in training


@pytest.fixture(scope="module")
def exported(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx") / "severe_as_echoclr"
    export_bundle(folder, dataclasses.replace(study.exported, onnx=True), study.store, study.tables)
    return folder


def test_each_model_gives_pytorch_s_probabilities(exported):
    bundle = load_bundle(exported)
    described = bundle.description["onnx"]
    assert described["files"] == ["model.onnx", "model_1.onnx"]
    assert described["opset"] == 18
    assert 0 <= described["largest_difference"] <= TOLERANCE
    for model, name in zip(bundle.models.values(), described["files"], strict=True):
        session = onnxruntime.InferenceSession(str(exported / name))
        for clips in (CLIPS, CLIPS[:1], CLIPS[[2]]):
            [found] = session.run(None, {"clips": clips})
            np.testing.assert_allclose(found, model.score(clips), atol=1e-6)


def test_the_files_are_checked_and_hold_nothing_of_the_machine(exported, study, tmp_path):
    export_bundle(
        tmp_path / "again", dataclasses.replace(study.exported, onnx=True), study.store, study.tables
    )
    for name in load_bundle(exported).description["onnx"]["files"]:
        content = (exported / name).read_bytes()
        assert not re.search(rb"\.py\b|File \"|/(?:home|work|tmp)/|stack_trace", content)
        assert content == (tmp_path / "again" / name).read_bytes(), "equal models give equal files"
    (tmp_path / "again" / "model.onnx").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"model\.onnx is missing or differs from its digest"):
        load_bundle(tmp_path / "again")


def test_other_probabilities_are_refused_and_no_file_is_left(study, tmp_path, monkeypatch):
    model = load(study.exported.models["0"])
    original = onnx_file._program

    def shifted(whole, example, name):
        program = original(whole, example, name)
        model.head.bias = torch.nn.Parameter(model.head.bias + 0.01)  # the file keeps the former
        return program

    monkeypatch.setattr(onnx_file, "_program", shifted)
    with pytest.raises(ValueError, match=r"model\.onnx: probabilities differ.*allowed is 1e-05"):
        write_onnx(tmp_path / "model.onnx", model, CLIPS)
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_and_networks_without_counterpart_are_told(study, tmp_path, monkeypatch):
    model = load(study.exported.models["0"])

    def failing(error):
        def export(*args, **named):
            raise error

        return export

    original = torch.onnx.export
    monkeypatch.setattr(
        torch.onnx, "export", lambda *a, **named: original(*a, **named | {"dynamic_shapes": None})
    )
    with pytest.raises(ValueError, match=r"cannot write this network as ONNX: it takes 2 clips"):
        write_onnx(tmp_path / "model.onnx", model, CLIPS)
    monkeypatch.setattr(torch.onnx, "export", failing(ModuleNotFoundError("x", name="onnxscript")))
    with pytest.raises(ValueError, match=r"not installed \(onnxscript\)"):
        write_onnx(tmp_path / "model.onnx", model, CLIPS)
    monkeypatch.setattr(torch.onnx, "export", failing(torch.onnx.OnnxExporterError("no operator\nfor it")))
    with pytest.raises(ValueError, match=r"cannot write this network as ONNX: no operator\. Set"):
        write_onnx(tmp_path / "model.onnx", model, CLIPS)
