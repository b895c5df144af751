"""MIMIC-IV-ECHO: the overlay and the tool for its labels, on a made-up tree of the documented layout."""

import gzip
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage
from secret_keys import write_key

from tools.mimic_iv_echo_labels import main

ROOT = Path(__file__).resolve().parents[2]
STUDIES = [(10000032, 94106955), (10000032, 94106956), (10002221, 94106957), (19999987, 94106958)]
LIST = "subject_id,study_id,study_datetime,measurement_id,measurement_datetime"
ROWS = (
    "subject_id,measurement_id,measurement_datetime,test_type,measurement,measurement_description,result,unit"
)


def write_loop(path, seed, **identity):
    """A loop of 4 frames whose header names a study only as ``identity`` says."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundMultiFrameImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = f"1.2.826.0.1.{seed + 1}"
    data.Modality, data.FrameTime = "US", "33.3"
    for keyword, value in identity.items():
        setattr(data, keyword, value)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.NumberOfFrames, data.Rows, data.Columns = 4, 48, 64
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = np.random.default_rng(seed).integers(0, 255, (4, 48, 64), np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)


@pytest.fixture
def data_set(tmp_path):
    """files/, echo-record-list.csv, echo-study-list.csv and structured-measurement.csv.gz."""
    root = tmp_path / "mimic-iv-echo" / "1.0"
    records, studies, rows = ["subject_id,study_id,acquisition_datetime,dicom_filepath"], [LIST], [ROWS]
    for number, (subject, study) in enumerate(STUDIES):
        for loop in range(2):
            place = f"files/p{str(subject)[:2]}/p{subject}/s{study}/{study}_{loop + 1:04d}.dcm"
            identity = (
                {} if loop else {"AccessionNumber": "", "PatientID": str(subject), "StudyDate": "21800506"}
            )
            write_loop(root / place, 10 * number + loop, **identity)
            records.append(f"{subject},{study},2180-05-06 10:00:0{loop},{place}")
        measured = "" if number == 3 else 5000 + number
        studies.append(f"{subject},{study},2180-05-06 10:00:00,{measured},2180-05-06 11:00:00")
        if measured:
            start = f"{subject},{measured},2180-05-06 11:00:00"
            name = "lvef" if number else "biplane_lvef"
            rows.append(f"{start},TTE,{name},Ejection fraction,{35 + 10 * number},%")
            rows.append(f"{start},TEE,{name},Ejection fraction,99,%")
            rows.append(f"{start},TTE,height_cm,Height,170,cm")
    (root / "echo-record-list.csv").write_text("\n".join(records) + "\n")
    (root / "echo-study-list.csv").write_text("\n".join(studies) + "\n")
    with gzip.open(root / "structured-measurement.csv.gz", "wt") as file:
        file.write("\n".join(rows) + "\n")
    return root


def test_the_label_table_has_a_row_a_dicom_study(data_set, tmp_path, capsys):
    path = tmp_path / "labels.csv"
    assert main([str(data_set), str(path), "--measurement", "lvef=lvef,biplane_lvef"]) == 0
    table = pd.read_csv(path, dtype="string")
    assert table["study_key"].tolist() == [f"s{study}" for _, study in STUDIES]
    assert table["patient_key"].tolist() == [str(subject) for subject, _ in STUDIES]
    assert table["lvef"].fillna("").tolist() == [
        "35",
        "45",
        "55",
        "",
    ]  # not the TEE's; none is measured of the last
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "1 of 4 studies have no measurements" in capsys.readouterr().out


def test_sex_is_taken_from_the_patients(data_set, tmp_path):
    patients = tmp_path / "patients.csv"
    patients.write_text("subject_id,gender,anchor_age\n10000032,F,52\n10002221,M,60\n")
    path = tmp_path / "labels.csv"
    assert main([str(data_set), str(path), "--measurement", "lvef", "--sex", str(patients)]) == 0
    table = pd.read_csv(path, dtype="string")
    assert table["sex"].fillna("").tolist() == ["F", "F", "M", ""]


def test_several_results_of_one_examination_are_left_empty(data_set, tmp_path, capsys):
    with gzip.open(data_set / "structured-measurement.csv.gz", "at") as file:
        file.write("10000032,5001,2180-05-06 11:00:00,TTE,lvef,Ejection fraction,60,%\n")
    path = tmp_path / "labels.csv"
    assert main([str(data_set), str(path), "--measurement", "lvef"]) == 0
    assert pd.read_csv(path, dtype="string")["lvef"].fillna("").tolist() == ["", "", "55", ""]
    assert "1 measurements left empty: several results in one examination" in capsys.readouterr().out


def test_a_wrong_name_is_told_with_similar_ones(data_set, tmp_path, capsys):
    path = tmp_path / "labels.csv"
    assert main([str(data_set), str(path), "--measurement", "ef"]) == 2
    said = capsys.readouterr().err
    assert "no measurement ['ef']" in said
    assert "biplane_lvef" in said
    assert not path.exists()
    assert main([str(data_set / "files"), str(path), "--measurement", "lvef"]) == 2
    assert "holds no echo-study-list.csv" in capsys.readouterr().err


def test_headers_that_name_no_study_are_joined_with_the_labels(study_of, data_set, tmp_path):
    assert main([str(data_set), str(tmp_path / "labels.csv"), "--measurement", "lvef=lvef,biplane_lvef"]) == 0
    write_key(tmp_path / "key")
    (tmp_path / "views.csv").write_text(
        "view,video\n"
        "a4c,p10/p10000032/s94106955/94106955_0001.dcm\n"
        "other,p10/p10000032/s94106955/94106955_0002.dcm\n"
    )
    (tmp_path / "mine.yaml").write_text(
        f"input: {{dicom_dir: {data_set}/files, labels: labels.csv, pseudonym_key_file: key, shards: 1}}\n"
        "views: {classifier: compact, labels: views.csv, keep: [a4c]}\n"
        "finetune: {initialisations: [random, echoclr], ratios: [1.0]}\n"
        "explain: {reference: random}\n"
    )
    overlay = ROOT / "config" / "mimic_iv_echo.yaml"
    study = study_of(tmp_path, ROOT / "config.yaml", overlay, tmp_path / "mine.yaml")
    results = "results/mimic_iv_echo"
    labels = f"{results}/cohort/labels.parquet"
    study.run(f"{results}/restricted/crosswalk.parquet", labels, "--cores", "1", "--quiet", "rules")
    files = pd.read_parquet(study.path(results, "restricted", "crosswalk.parquet"))
    assert files["outcome"].tolist() == ["ok"] * 8
    assert files.groupby("study_key")["study_id"].nunique().tolist() == [1] * 4
    joined = files.merge(pd.read_parquet(study.path(labels)), on="study_id", suffixes=("_of_file", ""))
    assert joined.groupby("study_key")["lvef"].first().fillna(-1).tolist() == [35, 45, 55, -1]
    assert joined["patient_id"].nunique() == 3
    plan = study.plan()
    assert {"deidentify_shard", "finetune_model", "build_report"} <= set(plan)
