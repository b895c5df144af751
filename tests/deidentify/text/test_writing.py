"""Text that no model reads: names in any script, still, moving or passing; and drawing that is no text."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from cine_files import phantom, write_cine
from written_names import NAMES, font_file, put, scrawl, typeset

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.audit.shard import audit_video
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.text import static_text as text
from echoclr_core.deidentify.text.static_text import static_text
from echoclr_core.deidentify.text.stroke_peaks import StrokePeaks
from echoclr_core.deidentify.text.strokes import still_pictures, written_lines
from echoclr_core.deidentify.text.transient_text import TransientText
from echoclr_core.deidentify.text.writing import SEEN_AND_FOUND, is_writing
from echoclr_core.deidentify.video_file import deidentify_video

PLACES = [(100, 110), (125, 150), (135, 70)]


@pytest.fixture(scope="module")
def loop():
    return phantom(1, height=240, width=320, count=24)


def written(frames, mask):
    return [line for still in still_pictures(frames) for line in written_lines(still, mask)]


def shown(frames, mask):
    transient = TransientText(mask)
    for frame in frames:
        transient.add(frame)
    return transient


@pytest.mark.parametrize("grey", [255, 190])
@pytest.mark.parametrize("size", [12, 18, 26])
@pytest.mark.parametrize("place", PLACES)
def test_strokes_of_no_script_are_writing_without_any_model(loop, size, grey, place, monkeypatch):
    frames, mask = loop
    monkeypatch.setattr(text, "read_text", lambda *_, **__: [])  # nothing is found, nothing read
    name = scrawl(np.random.default_rng(1), 4, size)
    marked = put(frames, name, np.array(place), grey)
    assert written(marked, mask)
    assert static_text(marked * mask, mask)
    [(x0, y0, x1, y1), *_] = written(marked, mask)
    assert abs(np.subtract((x0, y0, x1, y1), (*place, place[0] + name.shape[1], place[1] + size))).max() <= 16
    assert written(frames, mask) == []


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize(("size", "grey"), [(13, 255), (18, 230), (26, 180)])
def test_a_name_in_any_script_is_text(loop, language, size, grey):
    font = font_file(language)
    if font is None:
        pytest.skip(f"no font for {language}: install fonts-noto-core and fonts-noto-cjk")
    frames, mask = loop
    name = typeset(NAMES[language], font, size)
    marked = put(frames, name, np.array([160 - name.shape[1] // 2, 130]), grey)
    assert static_text(marked * mask, mask)


@pytest.mark.parametrize("grey", [0, 20])
def test_dark_strokes_on_bright_tissue_are_writing(loop, grey):
    frames, mask = loop
    bright = np.where(mask, frames // 2 + 120, 0).astype(np.uint8)
    marked = put(bright, scrawl(np.random.default_rng(1), 5, 18), np.array([110, 120]), grey)
    assert static_text(marked * mask, mask)
    assert static_text(bright * mask, mask) == []


@pytest.mark.parametrize("quality", [60, 90])
def test_strokes_that_compression_makes_waver_are_writing(loop, quality):
    frames, mask = loop
    marked = put(frames, scrawl(np.random.default_rng(3), 5, 18), np.array([110, 120]), 255)
    code = [cv2.IMWRITE_JPEG_QUALITY, quality]
    marked = np.stack([cv2.imdecode(cv2.imencode(".jpg", frame, code)[1], 0) for frame in marked])
    assert static_text(marked * mask, mask)


def drawn(kind, frames):
    """Frames with drawing that stays in the sector and is no text."""
    marked = frames.copy()
    for frame in marked:
        if kind == "depth ticks":
            for row in range(60, 200, 12):
                cv2.line(frame, (150, row), (150 + (8 if row % 24 else 4), row), 255, 1)
        elif kind == "scale":
            for column in range(110, 200, 9):
                cv2.line(frame, (column, 120), (column, 127), 255, 1)
        elif kind == "calliper":
            for x, y in ((120, 100), (190, 130)):
                cv2.drawMarker(frame, (x, y), 255, cv2.MARKER_CROSS, 9, 1)
            for share in np.linspace(0, 1, 14):
                cv2.circle(frame, (int(120 + 70 * share), int(100 + 30 * share)), 0, 255, -1)
        elif kind == "level calliper":
            for x in (120, 190):
                cv2.drawMarker(frame, (x, 110), 255, cv2.MARKER_CROSS, 9, 1)
            frame[110, 125:186:4] = 255
        elif kind == "ecg":
            x = np.arange(85, 235)
            y = 130 - 16 * np.exp(-(((x % 50) - 12.0) ** 2) / 4) - 4 * np.exp(-(((x % 50) - 30.0) ** 2) / 40)
            cv2.polylines(frame, [np.stack([x, y], 1).round().astype(np.int32)], False, 230, 1)
        elif kind == "colour box":
            cv2.polylines(frame, [np.int32([[140, 60], [200, 60], [215, 160], [120, 160]])], True, 220, 2)
        elif kind == "marker":
            cv2.putText(frame, "P", (150, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
        elif kind == "depth":
            cv2.putText(frame, "15", (150, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    return marked


KINDS = ["depth ticks", "scale", "calliper", "level calliper", "ecg", "colour box", "marker", "depth"]


@pytest.mark.parametrize("kind", KINDS)
def test_drawing_of_a_screen_is_no_text(loop, kind):
    frames, mask = loop
    marked = drawn(kind, frames)
    assert (marked != frames).any()
    if kind != "depth":  # a number has the strokes of writing, and has to be read
        assert written(marked, mask) == []
    assert static_text(marked * mask, mask) == []
    transient = shown(marked * mask, mask)
    assert transient.gathered_text() == []
    assert transient.frame_text(lambda wanted: marked[wanted]) == []


MOTIONS = {
    "half a pixel a frame": lambda t: np.stack([90 + 0.5 * t, 110 + 0 * t], 1),
    "three pixels a frame": lambda t: np.stack([90 + 3.0 * t, 110 + 0 * t], 1),
    "down": lambda t: np.stack([110 + 0 * t, 90 + 2.0 * t], 1),
    "shaken": lambda t: np.random.default_rng(0).uniform(-3, 3, (len(t), 2)) + np.array([100, 120]),
}


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("name", ["DOE JANE", "scrawl"])
def test_nothing_of_text_that_moves_is_written(loop, tmp_path, motion, name):
    """It is quarantined; cut out, where that is asked for, only if the cut holds it in every frame."""
    frames, _ = loop
    coverage = scrawl(np.random.default_rng(5), 5, 20)
    if name != "scrawl":
        coverage = np.zeros((20, 120), np.uint8)
        cv2.putText(coverage, name, (1, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 255, 1, cv2.LINE_AA)
    marked = put(frames, coverage, MOTIONS[motion](np.arange(len(frames)).astype(float)), 255)
    write_cine(tmp_path / "loop", marked, uid="1.2.3")
    for way in ("quarantine", "mask"):
        row = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings(text_inside=way))
        if way == "mask" and row["outcome"] == "ok":
            kept, _ = read_avi(tmp_path / "v.avi")
            assert not kept[marked != frames].any()
            continue
        assert row["outcome"] == "burned_in_text"
        assert not (tmp_path / "v.avi").exists()


@pytest.mark.parametrize("kept", [slice(3, 6), slice(20, 24)])
def test_unread_text_of_a_few_frames_is_found(loop, kept):
    frames, mask = loop
    places = np.full((len(frames), 2), np.nan)
    places[kept] = (110, 120)
    marked = put(frames, scrawl(np.random.default_rng(7), 5, 20), places, 255)
    assert shown(marked * mask, mask).gathered_text()


@pytest.mark.parametrize("blind", ["models", "strokes"])
def test_either_test_of_the_audit_finds_text_alone(loop, tmp_path, blind, monkeypatch):
    """What the one overlooks, the other sees: they share neither models nor strokes."""
    frames, mask = loop
    if blind == "models":
        monkeypatch.setattr("echoclr_core.deidentify.audit.residual_text.picture_text", lambda *_: [])
    else:
        monkeypatch.setattr("echoclr_core.deidentify.audit.residual_text.written_lines", lambda *_: [])
    name = np.zeros((20, 120), np.uint8)
    cv2.putText(name, "DOE JANE", (1, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 255, 1, cv2.LINE_AA)
    for outcome, video in (("clean", frames), ("text", put(frames, name, np.array([100, 120]), 255))):
        write_avi(tmp_path / f"{outcome}.avi", video * mask, 30.0)
        write_mask(mask, tmp_path / f"{outcome}.avi")
        assert audit_video(tmp_path / f"{outcome}.avi")[0]["outcome"] == outcome


TEXTURES = {
    "tissue": lambda frames: frames,
    "dark": lambda frames: (frames // 8).astype(np.uint8),
}
SCRIPTS = ["en", "ko", "th", "hi", "ar"]


@pytest.mark.parametrize("texture", TEXTURES)
def test_tissue_alone_is_no_text_at_close_range(loop, texture):
    frames, mask = loop
    frames = TEXTURES[texture](frames) * mask
    assert shown(frames, mask).frame_text(lambda wanted: frames[wanted]) == []


def test_a_place_of_few_strokes_is_looked_at_where_text_was_shown(loop):
    """The frame is the one that shows the text, whatever the other frames hold."""
    frames, mask = loop
    places = np.full((len(frames), 2), np.nan)
    places[11] = (110, 120)
    peaks = StrokePeaks(mask, len(mask))
    for frame in put(frames, scrawl(np.random.default_rng(7), 5, 20), places, 255):
        peaks.add(frame)
    assert any(p.frame == 11 and 100 <= p.x <= 200 and 115 <= p.y <= 145 for p in peaks.peaks())
    assert StrokePeaks(mask, len(mask)).peaks() == []


@pytest.mark.parametrize(("size", "texture"), [(16, "dark"), (16, "tissue"), (26, "tissue")])
@pytest.mark.parametrize("language", SCRIPTS)
@pytest.mark.parametrize("shown_at", [slice(8, 9), slice(15, 17)])
def test_a_name_of_one_or_two_frames_is_found_in_any_script(loop, language, size, texture, shown_at):
    font = font_file(language)
    if font is None:
        pytest.skip(f"no font for {language}: install fonts-noto-core and fonts-noto-cjk")
    frames, mask = loop
    frames = TEXTURES[texture](frames)
    name = typeset(NAMES[language], font, size)
    places = np.full((len(frames), 2), np.nan)
    places[shown_at] = (160 - name.shape[1] // 2, 130)
    marked = put(frames, name, places, 255) * mask
    transient = shown(marked, mask)
    assert transient.gathered_text() or transient.frame_text(lambda wanted: marked[wanted])


@pytest.mark.parametrize(("size", "texture"), [(16, "dark"), (16, "tissue"), (26, "tissue")])
@pytest.mark.parametrize("language", SCRIPTS)
@pytest.mark.parametrize("motion", MOTIONS)
def test_a_name_that_moves_is_found_in_any_script(loop, language, size, texture, motion):
    font = font_file(language)
    if font is None:
        pytest.skip(f"no font for {language}: install fonts-noto-core and fonts-noto-cjk")
    frames, mask = loop
    frames = TEXTURES[texture](frames)
    places = MOTIONS[motion](np.arange(len(frames)).astype(float))
    marked = put(frames, typeset(NAMES[language], font, size), places, 255) * mask
    transient = shown(marked, mask)
    assert transient.gathered_text() or transient.frame_text(lambda wanted: marked[wanted])


def test_a_tall_box_of_few_weak_strokes_is_no_writing():
    """The opening of a valve, as the text detector marks it; low letters as weak are writing."""
    valve = np.full((240, 320), 40, np.uint8)
    cv2.ellipse(valve, (170, 100), (20, 10), 0, 0, 360, 105, 2)
    cv2.line(valve, (170, 91), (170, 109), 105, 3)
    plain = np.full((1, 240, 320), 40, np.uint8)
    [name] = put(plain, scrawl(np.random.default_rng(2), 4, 12), np.array([150, 94]), 125)
    assert is_writing(name, name > 80, (150, 94, 190, 106), SEEN_AND_FOUND)
    box = (148, 88, 192, 112)
    assert is_writing(valve, valve > 80, box, replace(SEEN_AND_FOUND, strength=0))
    assert not is_writing(valve, valve > 80, box, SEEN_AND_FOUND)
