"""What is known early ends a run early: labels of another archive, paths that do not exist."""

import hashlib

import pandas as pd
import pytest

from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.plan.settings import SyntheticSettings

# The scheduler's timers are of an hour: a run that they hold after its last job fails by Study's time limit.
TIMERS = ["--max-jobs-per-timespan", "1000/3600s"]
COHORT = SyntheticSettings(
    development_studies=3,
    external_studies=1,
    view_studies=4,
    pictures="tiny",
    frames=2,
    distractor_files=False,
)


@pytest.fixture
def study(tmp_path, study_of):
    """A study of one's own whose label table belongs to another archive."""
    data = tmp_path / "data"
    write_archive(data, COHORT)
    key = data / "pseudonym.key"
    key.unlink(missing_ok=True)
    key.write_text(hashlib.sha256(b"a key").hexdigest() + "\n")
    key.chmod(0o600)
    labels = pd.read_csv(data / "labels.csv", dtype=str)
    labels["study_key"] = [f"other-{number}" for number in range(len(labels))]
    labels.to_csv(data / "other_labels.csv", index=False)
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "study: {name: mine}\n"
        "input: {dicom_dir: data/dicom, labels: data/other_labels.csv, "
        "pseudonym_key_file: data/pseudonym.key, shards: 1}\n"
        "views: {classifier: compact, labels: data/view_labels.csv, keep: [plax]}\n"
    )
    return study_of(tmp_path, overlay)


def messages(done):
    return done.stdout + done.stderr


def test_labels_of_another_archive_end_the_run_after_the_catalogue(study):
    done = study.run("cohort", "--cores", "1", *TIMERS, check=False)
    assert done.returncode != 0
    assert "none of the 4 studies of the label table is among the 8 of the archive" in messages(done)
    assert "rule deidentify_shard" not in messages(done)
    assert not study.path("results", "mine", "deidentified", "0000.parquet").exists()
    assert "other-1" not in messages(done)


def test_labels_that_came_after_the_catalogue_end_the_run_before_its_first_job(study):
    study.run("catalog", "--cores", "1", *TIMERS, overlay="input: {labels: data/labels.csv}")
    done = study.run("cohort", "--cores", "1", check=False)
    assert done.returncode != 0
    assert "none of the 4 studies of the label table is among the 8 of the archive" in messages(done)
    assert "rule import_labels" not in messages(done)


def test_a_dry_run_warns_of_paths_that_do_not_exist(study):
    done = study.run("--dry-run", overlay="input: {dicom_dir: /nope/dicom, labels: /nope/labels.csv}")
    assert "warning: input.dicom_dir: there is no /nope/dicom" in messages(done)
    assert "warning: input.labels: there is no /nope/labels.csv" in messages(done)
    assert "input.pseudonym_key_file" not in messages(done)
