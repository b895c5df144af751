"""The whole archive: the same bytes whatever the number of processes, files that the readers can judge."""

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.files.distractor_files import DISTRACTOR_FILES
from echoclr_core.synthetic.files.misleading import DAMAGED, OTHER_IMAGES
from echoclr_core.synthetic.files.truth import TRUTH, TRUTH_FRAMES
from echoclr_core.synthetic.plan.settings import SyntheticSettings

SETTINGS = SyntheticSettings(
    development_studies=5,
    external_studies=2,
    view_studies=2,
    frames=4,
    view_frames=3,
    screens=((160, 200),),
    plax_videos=(1, 2),
    other_videos=(1, 1),
    still_share=0.6,
)


def tree(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    root = tmp_path_factory.mktemp("archive") / "a"
    seen = []
    truth = write_archive(root, SETTINGS, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 9) for i in range(1, 10)]
    return root, truth


def test_two_processes_write_the_same_bytes(archive, tmp_path):
    write_archive(tmp_path / "b", SETTINGS, workers=2)
    assert tree(tmp_path / "b") == tree(archive[0])


def test_tables(archive):
    root, truth = archive
    labels = pd.read_csv(root / "labels.csv", dtype=str)
    views = pd.read_csv(root / "view_labels.csv", dtype=str)
    assert len(labels) == 7
    assert list(views.columns) == ["video", "view"]
    assert len(views) == 2 * SETTINGS.view_study_views
    stored = TRUTH.read(root / "truth.parquet")
    pd.testing.assert_frame_equal(stored, truth)
    frames = TRUTH_FRAMES.read(root / "truth_frames.parquet")
    counts = frames.groupby("sop_uid").size()
    assert counts.to_dict() == dict(zip(truth["sop_uid"], truth["frames"], strict=True))
    means = (
        frames.groupby("sop_uid")["valve_x"].mean().reindex(truth["sop_uid"]).to_numpy(float, na_value=np.nan)
    )
    np.testing.assert_allclose(means, truth["valve_x"].to_numpy(float, na_value=np.nan))
    taught = truth[truth["part"] == "views"]
    assert set(views["video"]) == set(taught["sop_uid"])
    assert not set(taught["study_key"]) & set(labels["study_key"])
    assert set(truth[truth["part"] != "views"]["study_key"]) == set(labels["study_key"])


def test_every_cine_loop_can_be_read_and_is_what_the_truth_says(archive):
    root, truth = archive
    truth = truth.set_index("sop_uid")
    distractors = set(DISTRACTOR_FILES.read(root / "distractor_files.parquet")["path"])
    files = [p for p in (root / "dicom").rglob("*") if p.is_file()]
    good = [p for p in files if str(p.relative_to(root / "dicom")) not in distractors]
    assert len(good) == len(truth)
    for path in good:
        cine = read_cine(path)
        row = truth.loc[cine.header.sop_uid]
        assert row["path"] == str(path.relative_to(root / "dicom"))
        assert cine.header.study_key == row["study_key"]
        assert cine.frame_count == row["frames"]
        if row["rate_tag"] == "none":
            assert cine.fps is None
        else:
            assert cine.fps == pytest.approx(row["fps"], rel=1e-3)
        assert (cine.height, cine.width) == (row["height"], row["width"])


def sector(row):
    """The fan's mask from its truth alone, by the definition of a sector."""
    y, x = np.mgrid[0 : int(row["height"]), 0 : int(row["width"])].astype(float)
    dx, dy = x - row["apex_x"], y - row["apex_y"]
    radius, angle = np.hypot(dx, dy), np.degrees(np.arctan2(dx, dy))
    inside = (radius >= row["near_px"]) & (radius <= row["far_px"])
    inside &= (angle >= row["left_angle"]) & (angle <= row["right_angle"])
    return inside & (x >= row["cut_left"]) & (x <= row["cut_right"])


def test_what_moves_lies_in_the_sector_of_the_truth(archive):
    root, truth = archive
    truth = truth.set_index("sop_uid")
    distractors = set(DISTRACTOR_FILES.read(root / "distractor_files.parquet")["path"])
    files = [p for p in sorted((root / "dicom").rglob("*")) if p.is_file()]
    for path in [p for p in files if str(p.relative_to(root / "dicom")) not in distractors][::3]:
        cine = read_cine(path)
        frames = np.stack(list(cine.frames())).astype(int)
        row = truth.loc[cine.header.sop_uid]
        mask = cv2.dilate(sector(row).astype(np.uint8), np.ones((17, 17))) > 0
        moving = np.ptp(frames, axis=0) > 40
        ecg = np.arange(frames.shape[1])[:, None] > 0.84 * frames.shape[1]  # the trace moves as well
        assert moving.sum() > 200
        assert (moving & ~mask & ~ecg).sum() <= 2
        if pd.notna(row["valve_x"]) and row["view"] == "plax":
            assert sector(row)[round(row["valve_y"]), round(row["valve_x"])]


def test_distractor_files_are_judged_as_they_should(archive):
    root, _ = archive
    distractors = DISTRACTOR_FILES.read(root / "distractor_files.parquet").set_index("path")
    assert set(distractors["kind"]) >= {
        "text",
        "pdf",
        "report",
        "truncated",
        "blank",
        "duplicate",
        "spectral_doppler",
        *OTHER_IMAGES,
        *DAMAGED,
    }
    catalogue = scan_archive(root / "dicom").set_index("path")
    for path, row in distractors.iterrows():
        if row["outcome"] in ("truncated", "blank", "duplicate") or row["kind"] in DAMAGED:
            assert catalogue.loc[path, "outcome"] == "ok"  # only the pixels, or the other path, tell
        else:
            assert catalogue.loc[path, "outcome"] == row["outcome"], path


def test_the_truncated_the_blank_and_the_duplicate(archive):
    root, truth = archive
    distractors = DISTRACTOR_FILES.read(root / "distractor_files.parquet").set_index("kind")["path"]
    with pytest.raises(UnusableFile) as raised:
        list(read_cine(root / "dicom" / distractors["truncated"]).frames())
    assert raised.value.outcome == "truncated"
    assert np.max([frame.max() for frame in read_cine(root / "dicom" / distractors["blank"]).frames()]) == 0
    twice = read_cine(root / "dicom" / distractors["duplicate"]).header.sop_uid
    assert (truth["sop_uid"] == twice).sum() == 1


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_pixels_end_in_their_outcome(archive, kind):
    root, _ = archive
    distractors = DISTRACTOR_FILES.read(root / "distractor_files.parquet").set_index("kind")
    with pytest.raises(UnusableFile) as raised:
        list(read_cine(root / "dicom" / distractors["path"][kind]).frames())
    assert raised.value.outcome == distractors["outcome"][kind]


def test_a_folder_with_files_is_refused(tmp_path):
    (tmp_path / "old").write_text("x")
    with pytest.raises(ValueError, match="not empty"):
        write_archive(tmp_path, SETTINGS)


def test_without_distractor_files_there_are_only_cine_loops(tmp_path):
    settings = SyntheticSettings(
        development_studies=1,
        external_studies=0,
        view_studies=0,
        frames=2,
        screens=((160, 200),),
        distractor_files=False,
    )
    truth = write_archive(tmp_path, settings)
    assert len([p for p in (tmp_path / "dicom").rglob("*") if p.is_file()]) == len(truth)
    assert DISTRACTOR_FILES.read(tmp_path / "distractor_files.parquet").empty


def test_no_stage_reads_the_truth_or_imports_this_room():
    root = Path(__file__).resolve().parents[2]
    package = root / "echoclr_core"
    others = [p for p in package.rglob("*.py") if "synthetic" not in p.relative_to(package).parts]
    assert len(others) > 20
    forbidden = re.compile(r"echoclr_core\.synthetic|truth(_frames)?\.parquet|distractor_files\.parquet")
    assert [p.name for p in others if forbidden.search(p.read_text(encoding="utf-8"))] == []


def test_the_truth_reaches_no_rule_that_learns_or_judges():
    """Only what explains a finished model may look at the truth: it lies outside the results, by name."""
    root = Path(__file__).resolve().parents[2]
    allowed = {"synthetic.smk", "explain.smk", "map_valve_landmarks.py"}
    files = [*(root / "rules").glob("*.smk"), *(root / "workflow_scripts").rglob("*.py"), root / "Snakefile"]
    named = {p.name for p in files if re.search(r"\btruth(_frames)?\b", p.read_text(encoding="utf-8"))}
    unexpected = {n for n in named - allowed if "explain" not in n and "saliency" not in n}
    assert "map_valve_landmarks.py" in named
    assert unexpected == set()
    # What the explanation finds with its help goes into no rule but the explanation's and the report's.
    found = {p.name for p in (root / "rules").glob("*.smk") if "valves" in p.read_text(encoding="utf-8")}
    assert found <= {"explain.smk", "report.smk"}


def test_an_archive_of_tiny_pictures_has_every_header_and_hardly_any_pixels(tmp_path):
    settings = SyntheticSettings(
        development_studies=12, external_studies=3, view_studies=0, pictures="tiny", frames=2, quirk_share=0.3
    )
    truth = write_archive(tmp_path / "a", settings)
    distractors = set(DISTRACTOR_FILES.read(tmp_path / "a" / "distractor_files.parquet")["path"])
    catalogue = scan_archive(tmp_path / "a" / "dicom")
    cines = catalogue[~catalogue["path"].isin(distractors)]
    assert len(cines) == len(truth)
    assert set(cines["outcome"]) == {"ok"}
    assert set(cines["study_key"]) == set(truth["study_key"])
    sizes = [path.stat().st_size for path in (tmp_path / "a" / "dicom").rglob("*") if path.is_file()]
    assert np.median(sizes) < 5000
    for path in cines["path"]:
        assert len(list(read_cine(tmp_path / "a" / "dicom" / path).frames())) == 2
    assert TRUTH_FRAMES.read(tmp_path / "a" / "truth_frames.parquet").empty
