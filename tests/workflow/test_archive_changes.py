"""A changed archive, one command: the shards of the studies that changed run, and no other."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from planning import ROOT, Planner
from secret_keys import write_key

from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.views.files import save_classifier
from echoclr_core.views.networks import CompactViewNet, TorchClassifier

COHORT = SyntheticSettings(
    development_studies=6,
    external_studies=1,
    view_studies=1,
    pictures="tiny",
    frames=2,
    distractor_files=False,
)
SHARDS = 4
RESTRICTED = Path("results/smoke/restricted")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of one's own archive: the catalogue was made by its job, all that follows are empty files."""
    folder = tmp_path_factory.mktemp("changes")
    data = folder / "data"
    write_archive(data, COHORT)
    write_key(data / "key")
    small = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
    del small["synthetic"]
    small["input"] = {
        "shards": SHARDS,
        "dicom_dir": str(data / "dicom"),
        "labels": str(data / "labels.csv"),
        "pseudonym_key_file": str(data / "key"),
    }
    classifier = TorchClassifier(CompactViewNet(2, width=4), ["a4c", "plax"], "plax")
    save_classifier(classifier, data / "views.safetensors")
    small["views"] |= {"weights": str(data / "views.safetensors"), "labels": "", "keep": ["plax"]}
    (folder / "own.yaml").write_text(yaml.safe_dump(small))
    made = Planner(folder, folder / "own.yaml")
    made.run("catalog", "--cores", "1", "--quiet")
    tables = {path: path.read_bytes() for path in (folder / RESTRICTED / "catalog").iterdir()}
    made.finish()
    assert {path: path.read_bytes() for path in tables} == tables
    assert made.jobs() == {}
    made.data = data
    return made


def catalogue(study):
    return pd.read_parquet(study.directory / RESTRICTED / "crosswalk.parquet")


def files_of_studies(study):
    return catalogue(study).dropna(subset="study_id")


def catalogue_again(study):
    study.run("catalog", "--cores", "1", "--quiet")


DEIDENTIFY = {"list_archive": 1, "catalog_archive": 1, "deidentify_shard": 1, "audit_shard": 1}
DEIDENTIFY |= {"plot_contact_sheet": 1, "check_audit": 1, "deidentify": 1}


def test_a_removed_study_runs_its_shard_and_is_counted(study):
    rows = files_of_studies(study)
    gone = rows["study_id"].iloc[0]
    files = [study.data / "dicom" / path for path in rows.loc[rows["study_id"] == gone, "path"]]
    shard = f"{rows['shard'].iloc[0]:04d}"
    kept = study.data.with_name("kept")
    for number, path in enumerate(files):
        kept.mkdir(exist_ok=True)
        shutil.move(path, kept / str(number))
    assert study.jobs("deidentify") == DEIDENTIFY
    whole = study.jobs()
    by_shard = ("deidentify_shard", "classify_views", "mask_shard", "build_clip_store")
    assert {rule: whole[rule] for rule in by_shard} == dict.fromkeys(by_shard, 1)
    assert {"build_cohort", "index_clip_store", "pretrain_encoder", "build_report"} <= set(whole)
    text = study.reasons("deidentify")
    assert f"The archive has changed: 1 of {SHARDS} shards" in text
    assert f"deidentified/{shard}.parquet" in text
    assert study.jobs("deidentify") == DEIDENTIFY  # a dry run leaves things as they are
    catalogue_again(study)
    assert gone not in set(catalogue(study)["study_id"])
    removed = json.loads((study.directory / RESTRICTED / "catalog/removed.json").read_text())
    assert removed == {"studies": 1, "files": len(files)}
    after = study.jobs("deidentify")  # as after a run that ended here
    assert after == {name: n for name, n in DEIDENTIFY.items() if not name.endswith("archive")}
    study.run("--touch", "deidentify", "--cores", "1", "--quiet")
    assert study.jobs("deidentify") == {}
    for number, path in enumerate(files):  # it comes back, together with a changed setting of the audit
        shutil.move(kept / str(number), path)
    assert study.jobs("deidentify") == DEIDENTIFY
    both = study.jobs("deidentify", overlay={"deidentify": {"audit_videos": 3}})
    assert both == DEIDENTIFY | {"audit_shard": SHARDS}
    catalogue_again(study)
    removed = json.loads((study.directory / RESTRICTED / "catalog/removed.json").read_text())
    assert removed == {"studies": 0, "files": 0}


def test_a_lost_table_of_one_shard_is_written_when_the_archive_changes(study):
    """A job that failed has lost its outputs; the other shards are not started for it."""
    study.run("--touch", "deidentify", "--cores", "1", "--quiet")
    rows = files_of_studies(study)
    first = rows.iloc[0]
    other = next(row for row in rows.itertuples() if row.shard != first["shard"])
    (study.directory / RESTRICTED / "catalog" / f"{other.shard:04d}.parquet").unlink()
    (study.data / "dicom" / first["path"]).touch()
    assert study.jobs("deidentify") == DEIDENTIFY | {"deidentify_shard": 2, "audit_shard": 2}
    catalogue_again(study)
    assert study.jobs("catalog") == {}


def test_another_setting_of_the_catalogue_runs_every_shard(study):
    study.run("--touch", "deidentify", "--cores", "1", "--quiet")
    first = files_of_studies(study).iloc[0]
    (study.data / "dicom" / first["path"]).touch()
    overlay = {"input": {"outside_links": "follow"}}
    assert study.jobs("deidentify", overlay=overlay)["deidentify_shard"] == SHARDS
