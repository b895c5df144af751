"""The examples of the public functions run, in a folder with the files that they name."""

import doctest
import importlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    "read_cine": "echoclr_core.dicom.reading",
    "sector_mask": "echoclr_core.video.hull",
    "open_folder": "echoclr_core.video.store",
    "pretrain": "echoclr_core.pretrain.run",
    "finetune": "echoclr_core.finetune.run",
    "predict": "echoclr_core.finetune.scoring",
    "bootstrap_metrics": "echoclr_core.evaluate.bootstrap",
    "grad_cam": "echoclr_core.explain.gradcam",
    "load": "echoclr_core.models.loading",
    "load_bundle": "echoclr_core.predict.bundle",
}
"""Public function to the module that defines it."""


@pytest.fixture(scope="module")
def folder(study, bundle_folder, patients, tmp_path_factory):
    """loop.dcm, masked/, clips/, model.safetensors, bundle/, videos.csv."""
    place = tmp_path_factory.mktemp("examples")
    (place / "loop.dcm").symlink_to(patients / "a" / "loop 1.dcm")
    (place / "masked").symlink_to(study.folder / "masked")
    (place / "bundle").symlink_to(bundle_folder)
    (place / "model.safetensors").symlink_to(study.folder / "model_0.safetensors")
    (place / "clips").mkdir()
    for suffix in ("npy", "parquet"):
        (place / "clips" / f"0000.{suffix}").symlink_to(study.folder / f"clips.{suffix}")
    (place / "clips" / "store.json").write_text(json.dumps({"shards": {"0000": ""}}))
    table = study.predictions["0"][["video_id", "study_id", "label"]]
    pd.DataFrame(table).to_csv(place / "videos.csv", index=False)
    return place


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_gives_what_it_says(folder, monkeypatch, name):
    monkeypatch.chdir(folder)
    module = importlib.import_module(EXAMPLES[name])
    tests = doctest.DocTestFinder(recurse=True).find(
        module, extraglobs={"np": importlib.import_module("numpy")}
    )
    (test,) = [test for test in tests if test.name.rpartition(".")[2] == name]
    assert test.examples
    assert "See Also" in test.docstring
    told = []
    results = doctest.DocTestRunner().run(test, out=told.append)
    assert results.failed == 0, "".join(told)


def test_the_page_of_functions_names_them():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert {name.rpartition(".")[2] for name in re.findall(r"^::: ([\w.]+)", page, re.M)} >= set(EXAMPLES)
