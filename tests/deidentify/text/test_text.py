"""Text inside the sector: found, read, quarantined or cut out; the audit reads on its own."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from cine_files import archive, phantom, write_cine

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.audit.shard import audit_shard, audit_video
from echoclr_core.deidentify.audit.summary import audit_summary, check_audit
from echoclr_core.deidentify.identifiers.identifier_search import Identifier
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.text import ocr
from echoclr_core.deidentify.text.ocr import TextLine, legible_text, read_text, screen_scale
from echoclr_core.deidentify.text.static_text import static_text, without_text
from echoclr_core.deidentify.video_file import deidentify_video
from echoclr_core.dicom.cine import Cine
from echoclr_core.synthetic.plan.cohort import plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import screen_video

NAME = "DOE JANE 48-1207"


@pytest.fixture(scope="module")
def loop():
    frames, truth = phantom(1, height=240, width=320, count=16)
    return frames, truth


def typed(frames, place, text=NAME, first=0):
    marked = frames.copy()
    for frame in marked[first:]:
        cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
    return marked


def test_what_is_typed_inside_is_read_where_it_stands(loop):
    frames, truth = loop
    assert static_text(frames, truth) == []
    [line] = static_text(typed(frames, (100, 120)), truth)
    assert "48" in line.text
    assert abs(line.x0 - 100) < 10
    assert abs(line.y1 - 120) < 8
    left = without_text(truth, [line])
    assert not left[111:121, 102:208].any()
    assert left.sum() > 0.8 * truth.sum()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (300, 400), (700, 801), (1080, 1920), (5000, 4000)])
def test_a_picture_is_searched_in_parts_that_leave_out_nothing(height, width):
    parts = ocr._parts(height, width)
    assert parts[0][0] == 0
    assert parts[-1][1] == height
    assert parts[0][2] == -np.inf
    assert parts[-1][3] == np.inf
    for top, bottom, *_ in parts:
        assert (bottom - top) * width <= max(ocr.MAX_PIXELS, 2 * ocr.SHARED_ROWS * width)
    for (_, bottom, _, last), (top, _, first, _) in itertools.pairwise(parts):
        assert bottom - top == ocr.SHARED_ROWS
        assert top < last == first < bottom


def test_a_line_is_read_once_wherever_the_parts_of_a_picture_meet(monkeypatch):
    picture = np.zeros((740, 560), np.uint8)
    for column, row in enumerate(range(40, 740, 28)):
        cv2.putText(
            picture, f"DOE {row:04}", (40 + 140 * (column % 3), row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 230, 2
        )
    monkeypatch.setattr(ocr, "MAX_PIXELS", 200_000)
    assert len(ocr._parts(*picture.shape)) > 2
    numbers = [line.text[-4:] for line in read_text(picture)]
    assert sorted(numbers) == [f"{row:04}" for row in range(40, 740, 28)]


def test_text_that_comes_only_late_in_the_clip_is_read(loop):
    frames, truth = loop
    assert static_text(typed(frames, (100, 120), first=8), truth)


@pytest.mark.parametrize(
    ("study", "typed_inside", "read_as_it_is"), [(262, "Phantom, Ada", True), (343, "MR89300090", False)]
)
def test_identity_over_bright_tissue_is_read_from_its_strokes(study, typed_inside, read_as_it_is):
    """Small letters on the pericardium: in the second picture itself OCR finds none of them."""
    settings = SyntheticSettings(
        seed=7,
        development_studies=667,
        external_studies=0,
        view_studies=0,
        plax_videos=(1, 2),
        other_videos=(2, 3),
        frames=16,
        screens=((240, 320), (300, 400), (480, 640), (600, 800), (768, 1024)),
        edge_text_share=0.15,
        inside_text_share=0.05,
        distractor_files=False,
    )
    plan = plan_studies(settings)[study]
    patient, anatomy = make_patient(settings, plan.patient), study_anatomy(settings, plan)
    drawn = screen_video(settings, plan, plan.videos[1], patient, anatomy)
    assert drawn.overlay.inside_text == typed_inside
    frames = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in drawn.frames])
    low = (frames * drawn.mask).min(0)
    assert any(reading.legible for reading in read_text(low, scale=screen_scale(low))) == read_as_it_is
    assert static_text(frames, drawn.mask)


def test_text_outside_is_not_reported(loop):
    frames, truth = loop
    empty = np.zeros_like(truth)
    empty[:20, :20] = True
    assert static_text(typed(frames, (100, 120)), empty) == []


@pytest.mark.parametrize("text", [NAME, ""])
def test_text_over_the_outline_of_a_colour_box_is_read_and_the_outline_is_none(loop, text):
    frames, truth = loop
    corners = np.array([[140, 60], [200, 60], [215, 160], [120, 160]], np.int32)
    boxed = np.stack([cv2.polylines(frame, [corners], True, 220, 2) for frame in frames.copy()])
    found = static_text(typed(boxed, (105, 120), text), truth)
    assert bool(found) == bool(text)
    if text:
        assert abs(found[0].x0 - 105) < 10
        assert abs(found[0].y1 - 120) < 8
        assert found[0].y1 - found[0].y0 < 25  # the line, not the box


@pytest.mark.parametrize("way", ["quarantine", "mask"])
def test_a_video_with_text_inside_is_quarantined_or_cut(loop, tmp_path, way):
    write_cine(tmp_path / "loop", typed(loop[0], (100, 120)), uid="1.2.3")
    row = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings(text_inside=way))
    if way == "quarantine":
        assert row["outcome"] == "burned_in_text"
        assert "DOE" not in row["detail"]
        assert not (tmp_path / "v.avi").exists()
        return
    assert row["outcome"] == "ok"
    assert row["text_lines"] >= 1
    frames, _ = read_avi(tmp_path / "v.avi")
    mask = read_mask(tmp_path / "v.avi")
    assert not frames[:, ~mask].any()
    assert not legible_text(frames.min(0)) + legible_text(frames[8])
    assert row["kept_fraction"] == mask.mean() > 0.8 * boundary_mask(Cine.from_array(loop[0])).mean()


@pytest.mark.parametrize("way", ["quarantine", "mask"])
@pytest.mark.parametrize("shown", [slice(0, 1), slice(6, 9), slice(47, 48)])
def test_text_that_is_shown_in_a_few_frames_is_read(loop, tmp_path, shown, way):
    frames = np.concatenate([loop[0]] * 3)  # more than are sampled
    frames[shown] = typed(frames[shown], (100, 120))
    write_cine(tmp_path / "loop", frames, uid="1.2.3")
    row = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings(text_inside=way))
    if way == "quarantine":
        assert row["outcome"] == "burned_in_text"
        assert not (tmp_path / "v.avi").exists()
        return
    assert row["outcome"] == "ok"
    assert row["text_lines"] >= 1
    mask = read_mask(tmp_path / "v.avi")
    assert row["kept_fraction"] == mask.mean() > 0.8 * boundary_mask(Cine.from_array(loop[0])).mean()
    assert not legible_text(read_avi(tmp_path / "v.avi")[0].max(0))


def test_the_audit_sees_text_of_one_frame(loop, tmp_path):
    frames, truth = loop
    marked = frames.copy()
    marked[3:4] = typed(frames[3:4], (100, 120))
    for name, written in (("clean", frames), ("text", marked)):
        write_avi(tmp_path / f"{name}.avi", written * truth, 30.0)
        cv2.imwrite(str(tmp_path / f"{name}.mask.png"), truth.astype(np.uint8) * 255)
        assert audit_video(tmp_path / f"{name}.avi")[0]["outcome"] == name


def test_what_the_edge_leaves_of_a_line_is_cut_out_and_the_video_kept(loop, tmp_path):
    frames, truth = loop
    row = 150
    edge = int(np.flatnonzero(truth[row])[-1])
    write_cine(tmp_path / "loop", typed(frames, (edge - 8, row), text="PLAX 4812"), uid="1.2.3")
    found = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings())
    assert found["outcome"] == "ok"
    assert found["text_lines"] == 1
    assert not read_mask(tmp_path / "v.avi")[row - 8 : row, edge - 6 :].any()


@pytest.mark.parametrize(
    ("text", "confidence", "legible"),
    [
        *[
            ("DOE", 0.9, True),
            ("V2", 0.99, False),
            ("DOE", 0.5, False),
            ("王伟", 0.9, True),
            ("日", 0.9, False),
        ],
        *[("Ng", 0.9, True), ("Li", 0.9, True), ("Li Bo", 0.9, True), ("67", 0.9, True), ("Ng", 0.7, False)],
        *[
            ("15", 0.99, False),
            ("-5", 0.99, False),
            ("cm", 0.99, False),
            ("P", 0.99, False),
            ("+", 0.99, False),
        ],
    ],
)
def test_markers_and_speckle_are_not_legible(text, confidence, legible):
    line = TextLine(x0=0, y0=0, x1=9, y1=9, text=text, confidence=confidence)
    assert line.legible is legible


def test_reading_tells_places_in_the_given_picture():
    picture = np.zeros((100, 300), np.uint8)
    cv2.putText(picture, "MRN 77123", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    [line] = read_text(picture, scale=2.0)
    assert line.text.replace(" ", "") == "MRN77123"
    assert abs(line.x0 - 40) < 12
    assert 30 < line.y0 < line.y1 < 75


def test_only_lines_that_are_wanted_are_read():
    picture = np.zeros((160, 320), np.uint8)
    for row, text in ((50, "MRN 77123"), (120, "DOE JANE")):
        cv2.putText(picture, text, (40, row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    assert [line.text[:3] for line in read_text(picture)] == ["MRN", "DOE"]
    [line] = read_text(picture, wanted=lambda box: box[1] > 80)
    assert line.text[:3] == "DOE"
    assert read_text(picture, wanted=lambda box: False) == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 300), (300, 3), (12, 400), (20, 2100), (2100, 20)])
def test_pictures_of_any_shape_are_read(height, width):
    picture = np.zeros((height, width), np.uint8)
    cv2.putText(picture, "MRN 77123", (0, height - 1), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    for line in read_text(picture):
        assert 0 <= line.x0 < line.x1 <= width
        assert 0 <= line.y0 < line.y1 <= height


def test_the_audit_reads_text_that_was_put_into_a_written_video(tmp_path):
    rows = archive(tmp_path / "dicom", ["a", "b"], count=6)
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    paths = [tmp_path / "out" / f"{name}.avi" for name in table["video_id"]]
    frames, fps = read_avi(paths[0])
    mask = read_mask(paths[0])
    write_avi(paths[0], typed(frames, (60, 70), text="DOE 77") * mask, fps)
    table.loc[0, "sha256"] = file_digest(paths[0])
    audited, _ = audit_shard(table, tmp_path / "out", sample=9, seed=0, catalogue=rows)
    assert set(audited["outcome"]) == {"text", "clean"}
    assert not audited.astype(str).map(lambda cell: "DOE" in cell).to_numpy().any()
    summary = audit_summary(audited, table)
    assert (summary["text"], summary["text_rate"], summary["written"]) == (1, 0.5, 2)
    check_audit(summary, 0.5)
    with pytest.raises(ValueError, match=r"1 with legible text, a rate of 0\.5000 .*allows 0\.4"):
        check_audit(summary, 0.4)


def test_an_identifier_in_bytes_name_or_row_is_a_leak(tmp_path):
    rows = archive(tmp_path / "dicom", ["Kowalska Anna/loop"], count=6)
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    assert RESTRICTED_CATALOGUE.check(rows)["study_key"].notna().all()
    path = tmp_path / "out" / f"{table['video_id'][0]}.avi"
    clean, _ = audit_shard(table, tmp_path / "out", sample=1, seed=0, catalogue=rows)
    assert (clean["leaks"] == 0).all()
    planted = {"study_id": "ACC-77"}
    row, _ = audit_video(path, identifiers=[Identifier("study_key", "ACC-77")], row_values=planted)
    assert (row["outcome"], row["leak_places"]) == ("leak", ["study_key in column study_id"])
    path.write_bytes(path.read_bytes() + "Kowalska Anna".encode("utf-16-le"))
    table["sha256"] = file_digest(path)
    found, _ = audit_shard(table, tmp_path / "out", sample=1, seed=0, catalogue=rows)
    assert found["outcome"].tolist() == ["leak"]
    assert found["leaks"].tolist() == [1]
    with pytest.raises(ValueError, match=r"1 leak; part of the path in the video \(1 videos\)"):
        check_audit(audit_summary(found, table), 1.0)


def test_the_configured_limit_bears_a_false_reading_and_not_a_leaking_layout():
    """125 shards of 8 audited videos: OCR reads speckle as a word in about one of a thousand."""
    config = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))
    limit = config["deidentify"]["max_text_rate"]
    counts = {"audited": 1000, "written": 9000, "lit_outside": 0, "leak": 0, "unreadable": 0}
    check_audit(counts | {"text": 3, "text_rate": 0.003}, limit)
    with pytest.raises(ValueError, match=r"20 with legible text.*look at figures/contact_sheet\.png"):
        check_audit(counts | {"text": 20, "text_rate": 0.02}, limit)
    with pytest.raises(ValueError, match="1 lit outside"):
        check_audit(counts | {"text": 0, "text_rate": 0.0, "lit_outside": 1}, limit)
