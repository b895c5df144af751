"""The film shows every frame with its own map, plays in browsers, and is the same each time."""

import av
import numpy as np
import pytest

from echoclr_core.reporting.movie import movie_frames, write_movie
from echoclr_core.reporting.overlays import overlay
from echoclr_core.reporting.saliency import saliency_figure
from echoclr_core.reporting.saliency_checks import cascade_figure


def arrays(studies=2, models=2, frames=5, side=96):
    rng = np.random.default_rng(0)
    volumes = rng.random((models, studies, frames, side, side)).astype(np.float16)
    return {
        "clips": rng.integers(0, 255, (studies, frames, side, side), dtype=np.uint8),
        "volumes": volumes,
        "models": np.array(["kinetics400", "echoclr", "other"][:models]),
        "study_ids": np.array([f"s_{k}" for k in range(studies)]),
        "scale": volumes.astype(np.float32).max(),
    }


def test_each_frame_has_the_map_of_its_moment(monkeypatch):
    monkeypatch.setattr("echoclr_core.reporting.movie.CELL", (96, 96))
    given = arrays()
    film = list(movie_frames(given))
    assert len(film) == 5
    height, width, _ = film[0].shape
    assert height % 2 == width % 2 == 0
    for moment, picture in enumerate(film):
        for column in range(2):
            clip = given["clips"][column, moment]
            x, y = 92 + column * 100, 22
            np.testing.assert_array_equal(picture[y : y + 96, x : x + 96], np.stack([clip] * 3, -1))
            for row in range(2):
                heat = given["volumes"][row, column, moment].astype(np.float32)
                y = 22 + (row + 1) * 100
                expected = overlay(clip, heat, scale=float(given["scale"]))
                np.testing.assert_allclose(picture[y : y + 96, x : x + 96], expected, atol=1)


def test_a_scale_for_each_model():
    given = arrays()
    faint = next(movie_frames(given, [1.0, 1e6]))
    strong = next(movie_frames(given, [1.0, 0.5]))
    assert (faint != strong).any()
    rows = (faint != strong).any(axis=(1, 2)).nonzero()[0]
    assert rows.min() > faint.shape[0] // 2, "only the second model's row differs"


def test_written_film(tmp_path):
    given = arrays()
    path = write_movie(movie_frames(given), tmp_path / "film.mp4", fps=29.97)
    with av.open(str(path)) as file:
        [stream] = file.streams
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert float(stream.average_rate) == pytest.approx(29.97, rel=1e-4)
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(stream)]
    assert len(pictures) == 5
    difference = np.abs(pictures[2].astype(int) - list(movie_frames(given))[2]).mean()
    assert difference < 20
    again = write_movie(movie_frames(given), tmp_path / "again.mp4", fps=29.97)
    assert again.read_bytes() == path.read_bytes()


def test_length_and_size_are_bounded():
    long = arrays(studies=1, models=1, frames=200, side=16)
    assert sum(1 for _ in movie_frames(long)) == 128
    many = next(movie_frames(arrays(studies=20, models=1, frames=1, side=16)))
    assert many.shape[1] <= 92 + 20 * 100


def test_films_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match="no frames"):
        write_movie([], tmp_path / "film.mp4", fps=15)
    with pytest.raises(ValueError, match="0 frames/s"):
        write_movie([], tmp_path / "film.mp4", fps=0)
    assert not list(tmp_path.iterdir())


def test_cascade_figure_draws_every_study():
    correlations = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4))
    correlations[1, 2] = np.nan
    figure = cascade_figure(correlations, ["kinetics400", "echoclr"], ["head", "encoder.layer4", "stem"])
    [axis] = figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == ["none", "head", "layer4", "stem"]
    means = axis.lines[1].get_ydata()
    np.testing.assert_allclose(means, [1, *correlations[0].mean(axis=1)])
    assert "same everywhere" in figure.get_supxlabel()
    with pytest.raises(ValueError, match="cascade figure"):
        cascade_figure(correlations, ["a"], ["head", "stem"])


def test_valve_ring_only_where_it_is_known():
    frames = np.zeros((2, 8, 8), np.uint8)
    maps = np.ones((1, 2, 8, 8), np.float32)
    valves = np.array([[4.0, 4, 2, 1], [np.nan] * 4])
    given = (frames, maps, np.ones((1, 2)), ["echoclr"], ["s_a", "s_b"])
    figure = saliency_figure(*given, valves=valves)
    rings = [len(axis.patches) for axis in figure.axes[:4]]
    assert rings == [1, 0, 1, 0]
    assert "Ring" in figure.get_supxlabel()
    assert "Ring" not in saliency_figure(*given).get_supxlabel()


@pytest.mark.parametrize("studies", [1, 4, 5, 7, 20])
def test_studies_beyond_a_line_go_on_the_next(studies):
    frames = np.full((studies, 8, 8), 9, np.uint8)
    maps = np.ones((2, studies, 8, 8), np.float32)
    names = [f"s_{k}" for k in range(studies)]
    figure = saliency_figure(frames, maps, np.ones((2, studies)), ["random", "echoclr"], names, scale=[1, 2])
    pictures = [axis for axis in figure.axes if axis.images]
    assert len(pictures) == 3 * studies
    assert {axis.get_title().split("\n")[0] for axis in pictures if axis.get_title()} == set(names)
    assert figure.get_figwidth() <= 8.7
