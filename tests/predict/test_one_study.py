"""One folder of DICOM files is scored without a workflow; what cannot be scored is a row with its reason."""

import stat

import pandas as pd
import pytest

from echoclr_core.predict.one_study import predict_study
from echoclr_core.predict.tables import PATIENT_FILES, PATIENT_PREDICTIONS

PLANTED = (b"Canaryfield", b"Wilhelmina", b"CANARY", b"20190317", b"2019-03-17", b"19530228", b"3680043.9999")
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def predicted(patients, bundle_folder, tmp_path_factory):
    """The folder of results."""
    out = tmp_path_factory.mktemp("out") / "results"
    (out / "pages").mkdir(parents=True)
    (out / "pages" / "s_of_an_earlier_call.html").write_text("")
    stages = []
    table = predict_study(patients, bundle_folder, out, key=KEY, on_stage=stages.append)
    assert stages == ["catalogue", "deidentify", "views", "mask", "score", "pages"]
    pd.testing.assert_frame_equal(
        PATIENT_PREDICTIONS.read(out / "predictions.parquet").sort_values("study_id", ignore_index=True),
        table.sort_values("study_id", ignore_index=True),
    )
    return out


def test_every_study_and_every_file_is_a_row(predicted):
    files = PATIENT_FILES.read(predicted / "files.parquet")
    assert files["outcome"].value_counts().to_dict() == {"scored": 3, "truncated": 2, "not_dicom": 1}
    table = PATIENT_PREDICTIONS.read(predicted / "predictions.parquet")
    assert len(table) == 3
    good = table[table["outcomes"] == "scored 2, truncated 1"].iloc[0]
    assert 0 < good["probability"] < 1
    assert good["lowest"] < good["probability"] < good["highest"]
    assert (good["n_models"], good["n_videos"], good["n_files"]) == (2, 2, 3)
    assert good["above_sensitivity"] == (good["probability"] >= good["threshold_sensitivity"])
    failed = table[table["probability"].isna()].iloc[0]
    assert failed["reason"] == (
        "no video of the view plax could be scored; 1 of 1 files: fewer frames, or fewer bytes of a frame, "
        "than the header declares"
    )
    assert failed["outcomes"] == "truncated 1"
    assert pd.isna(failed["above_specificity"])


def test_what_is_unlike_the_training_data_is_said(predicted):
    table = PATIENT_PREDICTIONS.read(predicted / "predictions.parquet").set_index("outcomes")
    unknown = table.loc["scored 1", "warnings"]
    assert "vendor other not among philips (1 of 1 videos)" in unknown
    assert "height 240 outside 16 to 16 px" in unknown
    known = table.loc["scored 2, truncated 1", "warnings"]
    assert "vendor" not in known
    assert "frame rate" not in known  # 25 frames/s lie within 20 to 43


def test_the_csv_says_what_the_parquet_says(predicted):
    table = pd.read_csv(predicted / "predictions.csv")
    assert list(table.columns) == list(PATIENT_PREDICTIONS.columns)
    assert len(table) == 3


def test_each_study_has_a_page(predicted):
    pages = {path.stem: path.read_text() for path in (predicted / "pages").glob("*.html")}
    table = PATIENT_PREDICTIONS.read(predicted / "predictions.parquet").set_index("study_id")
    assert set(pages) == set(table.index)
    for study, page in pages.items():
        assert "Research use only" in page
        assert "What became of the files" in page
        scored = not pd.isna(table.loc[study, "probability"])
        assert ("<video" in page) == scored
        assert ("calibration curve of the validation set" in page) == scored
        assert ("Unlike the training data" in page) == scored
        assert ("No probability" in page) != scored


def test_nothing_outside_restricted_names_anybody(predicted):
    for path in predicted.rglob("*"):
        if path.is_dir() or path.parent.name == "restricted":
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_csv().encode()
        assert [word for word in PLANTED if word in content or word in path.name.encode()] == [], path.name
    restricted = predicted / "restricted"
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o700
    assert stat.S_IMODE((restricted / "crosswalk.parquet").stat().st_mode) == 0o600
    assert "loop 1.dcm" in pd.read_parquet(restricted / "crosswalk.parquet").to_csv()


def test_the_same_key_gives_the_same_table(patients, bundle_folder, predicted, tmp_path):
    predict_study(patients, bundle_folder, tmp_path / "out", key=KEY, pages=False)
    assert not (tmp_path / "out" / "pages").exists()
    for name in ("predictions.parquet", "files.parquet", "videos.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (predicted / name).read_bytes()


def test_folders_that_cannot_be_used_are_refused_before_anything(bundle_folder, patients, tmp_path):
    with pytest.raises(ValueError, match="is not there, or is no folder"):
        predict_study(tmp_path / "nowhere", bundle_folder, tmp_path / "out")
    with pytest.raises(ValueError, match="would lie within the folder"):
        predict_study(patients, bundle_folder, patients / "results")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no file"):
        predict_study(tmp_path / "empty", bundle_folder, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=r"no bundle\.json"):
        predict_study(patients, tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_usable_file_gives_reasons_alone(patients, bundle_folder, tmp_path):
    table = predict_study(patients / "c", bundle_folder, tmp_path / "out")
    assert list(table["outcomes"]) == ["truncated 1"]
    assert table["probability"].isna().all()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("not DICOM")
    assert predict_study(tmp_path / "letters", bundle_folder, tmp_path / "out2").empty
    assert pd.read_csv(tmp_path / "out2" / "files.csv")["outcome"].tolist() == ["not_dicom"]
