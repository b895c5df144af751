"""Changes of the user's own files, without a run: what a plan makes of them, in one invocation."""

import hashlib
import shutil

import pandas as pd
import pytest
import yaml
from planning import ROOT, Planner

LABELS = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index,ward\n"


def label_rows(ward="A", grade="None"):
    rows = [
        f"A{n},P{n},2017-01-0{n + 1},F,{'Severe' if n % 2 else grade},{80 + 10 * n},{ward}" for n in range(6)
    ]
    return LABELS + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished study of one's own data: the archive holds empty files in nested folders."""
    folder = tmp_path_factory.mktemp("own")
    data = folder / "data"
    for number in range(6):
        (data / "dicom" / "year" / f"study{number}").mkdir(parents=True)
        (data / "dicom" / "year" / f"study{number}" / "1.dcm").write_text("x")
    (data / "labels.csv").write_text(label_rows())
    (data / "views.csv").write_text("video,view\n1.2.3,plax\n1.2.4,a4c\n")
    (data / "key").write_text(hashlib.sha256(b"key").hexdigest())
    (data / "key").chmod(0o600)
    small = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
    del small["synthetic"]
    small["input"] = {"shards": 2} | paths(data)
    small["views"]["labels"] = str(data / "views.csv")
    (folder / "own.yaml").write_text(yaml.safe_dump(small))
    made = Planner(folder, folder / "own.yaml")
    made.data = data
    # the one table that is read before jobs run: labels of another archive end a run
    crosswalk = folder / "results" / "smoke" / "restricted" / "crosswalk.parquet"
    crosswalk.parent.mkdir(parents=True)
    pd.DataFrame({"study_key": [f"A{number}" for number in range(6)]}).to_parquet(crosswalk)
    made.finish()
    assert made.jobs() == {}
    return made


def paths(data):
    return {
        "dicom_dir": str(data / "dicom"),
        "labels": str(data / "labels.csv"),
        "pseudonym_key_file": str(data / "key"),
    }


@pytest.fixture
def data(study):
    """The data, put back after the test with the times of before."""
    kept = study.data.with_name("kept")
    shutil.copytree(study.data, kept)
    yield study.data
    shutil.rmtree(study.data)
    kept.rename(study.data)


def test_a_new_file_in_a_nested_folder_starts_the_catalogue(study, data):
    (data / "dicom" / "year" / "study3" / "2.dcm").write_text("x")
    assert "catalog_archive" in study.jobs()
    assert "catalog_archive" in study.jobs("catalog")


def test_a_removed_study_leaves_everything_after(study, data):
    shutil.rmtree(data / "dicom" / "year" / "study5")
    assert {"catalog_archive", "build_cohort", "index_clip_store", "build_report"} <= set(study.jobs())


def test_a_column_that_nobody_named_starts_nothing(study, data):
    (data / "labels.csv").write_text(label_rows(ward="B"))
    assert study.jobs() == {}


def test_a_changed_label_leaves_the_videos_alone(study, data):
    (data / "labels.csv").write_text(label_rows(grade="Mild"))
    plan = set(study.jobs())
    assert {"import_labels", "build_cohort"} <= plan
    assert not plan & {"catalog_archive", "deidentify_shard", "mask_shard", "build_clip_store"}


def test_moved_and_touched_tables_start_nothing(study, data):
    elsewhere = data.with_name("elsewhere")
    shutil.copytree(data, elsewhere)
    for name in ("labels.csv", "key"):
        (elsewhere / name).touch()
    try:
        assert study.jobs(overlay={"input": paths(elsewhere)}) == {}
    finally:
        shutil.rmtree(elsewhere)


def test_another_key_starts_everything(study, data):
    (data / "key").write_text(hashlib.sha256(b"another key").hexdigest())
    assert {"catalog_archive", "import_labels"} <= set(study.jobs())


def test_no_path_of_the_user_is_in_the_engines_records(study, data):
    for path in (study.directory / ".snakemake" / "metadata").rglob("*"):
        assert not path.is_file() or str(data).encode() not in path.read_bytes()
