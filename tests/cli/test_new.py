"""`echoclr new`: overlay, key and tables; the doctor finds only what is to be filled in."""

import pandas as pd
import yaml


def test_a_study_of_an_archive(echoclr, hospital, tmp_path):
    folder = tmp_path / "my_study"
    code, said, error = echoclr("new", folder, "--dicom", hospital / "dicom")
    assert code == 0, error
    overlay = yaml.safe_load((folder / "mine.yaml").read_text())
    assert overlay["study"] == {"name": "my_study"}
    assert overlay["input"]["dicom_dir"] == str(hospital / "dicom")
    labels = pd.read_csv(folder / "labels.csv", dtype=str)
    assert labels["study_key"].nunique() == 8
    assert {"study_key", "patient_key", "study_date", "sex", "as_severity", "lv_mass_index"} == set(labels)
    for name in ("pseudonym.key", "labels.csv", "views.csv"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert "echoclr doctor --directory" in said
    key = (folder / "pseudonym.key").read_text()
    assert echoclr("new", folder)[0] == 2
    assert (folder / "pseudonym.key").read_text() == key


def test_without_an_archive_the_table_is_empty(echoclr, tmp_path):
    code, _, _ = echoclr("new", tmp_path / "later")
    assert code == 0
    assert (tmp_path / "later" / "labels.csv").read_text().count("\n") == 1
    assert yaml.safe_load((tmp_path / "later" / "mine.yaml").read_text())["input"]["dicom_dir"] == "dicom"


def test_wrong_usage(echoclr, tmp_path):
    (tmp_path / "a_file").touch()
    for words, message in (
        ([tmp_path / "a", "--dicom", tmp_path / "none"], "there is no folder"),
        ([tmp_path / "a", "--name", "../x"], "allowed are letters"),
        ([tmp_path / "echo.2024"], "--name: 'echo.2024'; allowed are letters"),
        ([tmp_path / "a_file"], "is a file; name a folder"),
    ):
        code, _, error = echoclr("new", *words)
        assert code == 2
        assert message in error
