"""`echoclr doctor` finds what would stop a run, names the cure, and ends with 1."""

import pandas as pd
import pytest

from workflow_scripts.cli import machine_checks, software_checks
from workflow_scripts.cli.machine_checks import cudnn_finding
from workflow_scripts.cli.study_checks import Archive, disk_finding


@pytest.fixture(autouse=True)
def _without_the_machine(monkeypatch):
    """Findings of the machine differ from machine to machine; tests of their own below."""
    for name in ("machine_findings", "gpu_findings", "software_findings", "slurm_findings"):
        monkeypatch.setattr(f"workflow_scripts.cli.doctor.{name}", lambda: iter(()))


def test_a_good_study_has_no_problem(echoclr, hospital):
    code, said, error = echoclr("doctor", "--configfile", hospital / "mine.yaml", "--directory", hospital)
    assert code == 0, said + error
    assert "sampled studies are among 4 labelled ones" in said
    assert "0 problem(s)" in said


def test_the_machine_alone(echoclr):
    code, said, _ = echoclr("doctor")
    assert code == 0
    assert "No --configfile was named" in said


def test_labels_of_another_archive(echoclr, hospital):
    labels = pd.read_csv(hospital / "labels.csv", dtype=str)
    keys = list(labels["study_key"])
    labels["study_key"] = [f"other-{number}" for number in range(len(labels))]
    labels.to_csv(hospital / "labels.csv", index=False)
    code, said, error = echoclr("doctor", "--configfile", hospital / "mine.yaml", "--directory", hospital)
    assert code == 1
    assert "0 of 8 sampled studies are among 4 labelled ones" in said
    assert "cure: its keys look like 'AAAAA-9'" in said
    assert not any(key in said + error for key in keys)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("input: {dicom_dir: /nope/dicom}", "input.dicom_dir: there is no /nope/dicom"),
        ("input: {pseudonym_key_file: /nope/key}", "input.pseudonym_key_file: there is no /nope/key"),
        ("finetune: {task: [lvh]}", "did you mean"),
    ],
)
def test_problems_of_the_configuration(echoclr, hospital, change, expected):
    (hospital / "change.yaml").write_text(change)
    files = [hospital / "mine.yaml", hospital / "change.yaml"]
    code, said, _ = echoclr("doctor", "--directory", hospital, "--configfile", *files)
    assert code == 1
    assert expected in said


def test_a_key_that_others_can_read_and_an_unnamed_grade(echoclr, hospital):
    (hospital / "pseudonym.key").chmod(0o644)
    labels = pd.read_csv(hospital / "labels.csv", dtype=str, keep_default_na=False)
    labels.loc[0, "as_severity"] = "Sever"
    labels.to_csv(hospital / "labels.csv", index=False)
    code, said, _ = echoclr("doctor", "--directory", hospital, "--configfile", hospital / "mine.yaml")
    assert code == 1
    assert "others can read it (mode 0644)" in said
    assert "'Sever'" in said


def test_labels_that_are_not_filled_in(echoclr, hospital):
    labels = pd.read_csv(hospital / "labels.csv", dtype=str)
    labels.assign(as_severity="").to_csv(hospital / "labels.csv", index=False)
    code, said, error = echoclr("doctor", "--directory", hospital, "--configfile", hospital / "mine.yaml")
    assert code == 1, said + error
    assert "PROBLEM  task severe_as: 0 positive, 0 negative, 4 without label" in said
    assert "fill in ['as_severity'] of input.labels" in said


def test_missing_files_are_wrong_usage(echoclr, tmp_path):
    code, _, error = echoclr("doctor", "--configfile", tmp_path / "none.yaml")
    assert code == 2
    assert "there is no" in error
    assert echoclr("doctor", "--directory", tmp_path / "none")[0] == 2


@pytest.mark.parametrize(
    ("version", "level"),
    [(None, "note"), (90700, "ok"), (90800, "problem"), (91502, "problem"), (91600, "ok")],
)
def test_cudnn_whose_convolutions_are_wrong(version, level):
    assert cudnn_finding(version).level == level


def test_machine_and_programs_are_looked_at():
    assert {finding.subject for finding in machine_checks.machine_findings()} >= {"cores", "memory"}
    for codec in ("ffv1", "magicyuv"):
        assert software_checks.codec_finding(codec).level == "ok"


def test_a_disk_that_is_too_small_for_the_archive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"deidentify": {"keep_videos": True}}
    assert disk_finding(config, Archive(files=100), 1.0).level == "ok"
    assert disk_finding(config, Archive(files=10**9), 1.0).level == "problem"
