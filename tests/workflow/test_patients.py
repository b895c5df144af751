"""New patients are scored by the rules of the study, whose own plan does not change."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from echoclr_core.predict.results import NAMES
from workflow_scripts.lib.config_checks import resolve_config
from workflow_scripts.lib.patients import PATIENT_RESULTS, Patients, bundle_problems

ROOT = Path(__file__).resolve().parents[2]
PREDICT_RULES = {
    *("catalog_patients", "deidentify_patients", "audit_patients", "unpack_bundles", "classify_patients"),
    *("mask_patients", "build_patient_clips", "predict_patients", "collect_patients", "predict"),
}


def write_bundle(folder, **changes):
    """The parts of a description that the rules read."""
    folder.mkdir(parents=True)
    views = {"classifier": "compact", "kept": "plax", "file": "view_classifier.safetensors"}
    views |= {"frames": 10, "seed": 7, "onnx": {}}
    values = {"deidentify": {"boundary": "sector"}, "views": views, "mask": {"size": 112}}
    (folder / "bundle.json").write_text(json.dumps(values | changes))
    return str(folder)


def new_patients(folder):
    """A folder with a file."""
    folder.mkdir()
    (folder / "loop.dcm").write_bytes(b"not read")
    return str(folder)


@pytest.fixture
def config():
    return resolve_config({}, ROOT, check_paths=False)


def test_the_results_have_the_names_of_the_core():
    assert PATIENT_RESULTS == NAMES


def test_the_plan_of_the_study_does_not_change(finished, tmp_path):
    bundle = write_bundle(tmp_path / "bundle")
    chosen = {"dicom_dir": new_patients(tmp_path / "new"), "bundles": [bundle], "shards": 2}
    assert finished.jobs(overlay={"predict": chosen}) == {}
    plan = finished.jobs("predict", overlay={"predict": chosen})
    assert set(plan) == PREDICT_RULES
    assert plan["predict_patients"] == plan["deidentify_patients"] == 2
    assert finished.jobs(overlay={"predict": chosen | {"bundles": [str(tmp_path / "gone")]}}) == {}


def test_without_settings_the_target_says_what_is_needed(study_of, tmp_path):
    done = study_of(tmp_path, ROOT / "config" / "demo.yaml").run("--dry-run", "predict", check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "predict.dicom_dir: is empty" in said
    assert "predict.bundles: is empty; name folders that the target export wrote" in said


def test_bundles_and_patients_need_no_study(study_of, tmp_path):
    """A colleague who was handed a bundle has no labels, and predicts without them."""
    overlay = tmp_path / "mine.yaml"
    bundle = write_bundle(tmp_path / "bundle")
    folder = new_patients(tmp_path / "new")
    overlay.write_text(f"predict: {{dicom_dir: {folder}, bundles: [{bundle}]}}\n")
    study = study_of(tmp_path, overlay)
    assert set(study.plan("predict")) == PREDICT_RULES
    done = study.run("--cores", "1", "catalog", check=False)  # the study's own data are still asked for
    assert done.returncode != 0
    assert "input.dicom_dir: is empty" in done.stdout + done.stderr
    assert not (tmp_path / "results" / "echoclr" / "state" / "shards.json").exists()


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"mask": {"size": 64}}, "second differs from first in mask"),
        ({"deidentify": {"boundary": "rectangle"}}, "second differs from first in deidentify"),
        ({"views": {}}, "was not written by target export"),
    ],
)
def test_bundles_of_one_run_agree(config, tmp_path, second, said):
    paths = [write_bundle(tmp_path / "first"), write_bundle(tmp_path / "second", **second)]
    config["predict"] |= {"dicom_dir": new_patients(tmp_path / "new"), "bundles": paths}
    [problem] = Patients(config, active=True).problems
    assert said in problem


def test_a_bundle_without_a_view_classifier_is_refused(config, tmp_path):
    path = write_bundle(tmp_path / "bundle")
    values = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    values["views"]["file"] = None
    (tmp_path / "bundle" / "bundle.json").write_text(json.dumps(values))
    config["predict"] |= {"dicom_dir": new_patients(tmp_path / "new"), "bundles": [path]}
    [problem] = Patients(config, active=True).problems
    assert "bundle holds no view classifier" in problem


def test_unreadable_bundles_are_told_before_any_job(config, tmp_path):
    config["predict"] |= {"dicom_dir": str(tmp_path / "nowhere"), "bundles": [write_bundle(tmp_path / "b")]}
    folder, bundle = bundle_problems(config)
    assert "predict.dicom_dir: there is no folder" in folder
    assert "predict.bundles: b/bundle.json: " in bundle
    assert "format" in bundle


def test_the_number_of_shards_is_kept(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config["predict"] |= {"dicom_dir": new_patients(tmp_path / "new"), "shards": 3}
    Patients(config, active=True).record_shards()
    config["predict"]["shards"] = 0
    assert Patients(config, active=True).shards == 3
    config["predict"]["name"] = "others"
    assert Patients(config, active=True).shards == 1


@pytest.mark.study
def test_the_studys_own_files_get_its_own_predictions_bit_for_bit(smoke, study_of, tmp_path):
    """The archive's files of the test set, exported and predicted as new patients."""
    subprocess.run(["cp", "-a", f"{smoke.directory}/.", str(tmp_path)], check=True)
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    results = tmp_path / "results" / "smoke"
    study.run("--cores", "2", "export")
    stored = pd.read_parquet(
        results / "predictions" / "severe_as" / "echoclr" / "1" / "0" / "internal.parquet"
    )
    crosswalk = pd.read_parquet(results / "restricted" / "crosswalk.parquet")
    chosen = sorted(stored["study_id"].unique())[:3]
    for number, path in enumerate(crosswalk.loc[crosswalk["study_id"].isin(chosen), "path"]):
        target = tmp_path / "new" / f"{number}.dcm"
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(tmp_path / "smoke_data" / "dicom" / path, target)
    (tmp_path / "new" / "letter.txt").write_text("not DICOM")
    bundle = "results/smoke/export/severe_as_echoclr"
    done = study.run("--cores", "2", "predict", overlay=f"predict: {{dicom_dir: new, bundles: [{bundle}]}}\n")
    assert "made with the key of a synthetic cohort" in done.stderr
    folder = results / "predict" / "patients"
    videos = pd.read_parquet(folder / "videos.parquet").set_index("video_id")
    known = stored[stored["study_id"].isin(chosen)].set_index("video_id")
    assert set(known.index) <= set(videos.index)
    videos = videos.loc[known.index]
    assert list(videos["video_probability"]) == list(known["video_probability"])
    assert [list(clips) for clips in videos["clip_probabilities"]] == [
        list(clips) for clips in known["clip_probabilities"]
    ]
    predictions = pd.read_parquet(folder / "predictions.parquet").set_index("study_id")["probability"]
    studies = known.drop_duplicates("study_id").set_index("study_id")["study_probability"]
    assert list(predictions.loc[studies.index]) == list(studies)
    files = pd.read_parquet(folder / "files.parquet")
    assert (files["outcome"] == "not_dicom").sum() == 1
    pages = {path.stem for path in (folder / "pages").rglob("*.html")}
    assert pages == set(predictions.index)
    assert study.plan("predict", overlay=f"predict: {{dicom_dir: new, bundles: [{bundle}]}}\n") == {}
