"""Real cine loops of several vendors through catalogue, deidentification, views and mask."""

import shutil
from pathlib import Path

import pandas as pd
import pydicom
import pytest
from secret_keys import write_key

from echoclr_core.common.avi_reading import read_avi

pytestmark = [pytest.mark.study]

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "real"


def packaged_loops() -> dict[str, Path]:
    """Cine loops that come with test dependencies."""
    from pydicom.data import get_testdata_file

    names = ("examples_ybr_color.dcm", "color3d_jpeg_baseline.dcm", "examples_palette.dcm", "reportsi.dcm")
    return {name: Path(get_testdata_file(name)) for name in names if get_testdata_file(name)}


@pytest.fixture(scope="module")
def real(smoke, study_of, tmp_path_factory):
    """The stages up to the mask, run on real files, with the view classifier of the smoke study."""
    directory = tmp_path_factory.mktemp("real")
    archive = directory / "archive" / "study one"
    archive.mkdir(parents=True)
    for name, path in packaged_loops().items():
        shutil.copy(path, archive / name)
    if REAL.is_dir():
        for path in REAL.glob("*.dcm"):
            shutil.copy(path, archive / path.name)
    study_key = pydicom.dcmread(next(iter(packaged_loops().values())), stop_before_pixels=True).SOPInstanceUID
    (directory / "labels.csv").write_text(
        "study_key,patient_key,study_date,sex,as_severity,lv_mass_index\n"
        f"{study_key},P,2019-01-01,F,Severe,80\n"
    )
    write_key(directory / "key")
    classifier = smoke.path("results", "smoke", "views", "classifier.safetensors")
    text = (
        "study: {name: real}\n"
        "input: {dicom_dir: archive, labels: labels.csv, pseudonym_key_file: key,"
        " study_key: SOPInstanceUID}\n"
        "synthetic: {development_studies: 0, external_studies: 0, view_studies: 0}\n"
        f"views: {{weights: {classifier}, labels: ''}}\n"
    )
    study = study_of(directory, ROOT / "config" / "smoke.yaml")
    study.run("mask", "deidentify", "--cores", "2", "--quiet", "rules", overlay=text)
    return study


def tables(study, stage):
    paths = sorted(study.path("results", "real", stage).glob("0*.parquet"))
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


def test_every_file_has_its_row(real):
    files = [path for path in real.path("archive").rglob("*") if path.is_file()]
    assert len(tables(real, "deidentified")) == len(files)


def test_real_loops_are_deidentified(real):
    table = tables(real, "deidentified")
    good = table[table["outcome"] == "ok"]
    assert len(good) >= 2
    assert good["kept_fraction"].between(0.05, 0.9).all()
    for row in good.itertuples():
        [path] = real.path("results", "real", "deidentified").glob(f"*/{row.video_id}.avi")
        frames, fps = read_avi(path)
        assert len(frames) == row.n_frames
        assert fps == pytest.approx(row.fps, rel=1e-3)
        assert frames.max() > 60, "the heart is still seen"
        # a banner stands in the first rows of every vendor's screen: they are black
        assert frames[:, :4].max() == 0 or row.kept_fraction > 0.5


def test_masked_or_left_out_by_view(real):
    views, masked = tables(real, "views"), tables(real, "masked")
    assert set(masked["video_id"]) == set(views.loc[views["kept"], "video_id"])
    assert masked["outcome"].isin(["ok", "blank"]).all()
