"""A film in the report: inside the page, described, and still until someone starts it."""

import base64
import itertools
import re

import numpy as np
import pytest

from echoclr_core.reporting.captions import with_interval
from echoclr_core.reporting.montage import contact_sheet
from echoclr_core.reporting.movie import write_movie
from echoclr_core.reporting.report import Movie, Picture, Section, build_report


def test_film_is_embedded_and_never_starts_by_itself(tmp_path):
    pictures = [np.full((32, 48, 3), value, np.uint8) for value in (0, 99, 200)]
    film = write_movie(pictures, tmp_path / "film.mp4", fps=15)
    section = Section(title="Film", blocks=[Movie(source=film, title="Moving", alt="A film", caption="*c*")])
    page = build_report(tmp_path / "report.html", title="T", lead="L", sections=[section])
    html = page.read_text(encoding="utf-8")
    [tag] = re.findall(r"<video[^>]*>", html)
    assert "controls" in tag
    assert "muted" in tag
    assert "autoplay" not in tag
    assert 'aria-label="A film"' in tag
    [data] = re.findall(r'src="data:video/mp4;base64,([^"]+)"', tag)
    assert base64.b64decode(data) == film.read_bytes()


def test_films_and_pictures_are_not_taken_for_each_other(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"x")
    (tmp_path / "picture.png").write_bytes(b"x")
    wrong = [
        Picture(source=tmp_path / "film.mp4", title="T", alt="a"),
        Movie(source=tmp_path / "picture.png", title="T", alt="a"),
    ]
    for block in wrong:
        with pytest.raises(ValueError, match="allowed are"):
            build_report(
                tmp_path / "r.html", title="T", lead="L", sections=[Section(title="S", blocks=[block])]
            )
    silent = Section(title="S", blocks=[Movie(source=tmp_path / "film.mp4", title="T", alt=" ")])
    with pytest.raises(ValueError, match="alternative text"):
        build_report(tmp_path / "r.html", title="T", lead="L", sections=[silent])


def test_missing_intervals_are_words():
    assert with_interval(0.8181, 0.793, 0.84) == "0.818 (0.793–0.840)"
    assert with_interval(0.8181, np.nan, np.nan) == "0.818 (too few cases for an interval)"
    assert with_interval(np.nan, np.nan, np.nan) == "not defined"


def test_names_on_a_contact_sheet_do_not_run_into_each_other():
    frames = [np.zeros((60, 80), np.uint8)] * 16
    figure = contact_sheet(frames, ["v_woopwlmomrwf3tle"] * 16)
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.texts), key=lambda box: (-box.y0, box.x0))
    beside = [(a, b) for a, b in itertools.pairwise(boxes) if abs(a.y0 - b.y0) < 1]
    assert len(beside) > 8
    assert all(a.x1 <= b.x0 for a, b in beside)
