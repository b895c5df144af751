"""One decision a video, and a shard of videos."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.views.classifier import Classifier
from echoclr_core.views.decision import classify_shard, decide
from echoclr_core.views.keep import kept_views, long_names, short_names
from echoclr_core.views.sampling import ViewSettings, sample_frames
from echoclr_core.views.tables import VIEW_DECISIONS

CLASSES = ("a4c", "plax", "plax_zoom")


class ByBrightness:
    """Probability of PLAX grows with the mean grey value; counts its calls."""

    classes = CLASSES
    plax = "plax"

    def __init__(self):
        self.sizes = []

    def probabilities(self, frames):
        self.sizes.append(len(frames))
        plax = frames.mean(axis=(1, 2)) / 255
        return np.stack([(1 - plax) * 0.75, plax, (1 - plax) * 0.25], axis=1).astype(np.float32)


@pytest.fixture
def shard(tmp_path):
    """Seven videos of 4, 9, 14, ... frames, each brighter than the one before; frames flicker."""
    rng = np.random.default_rng(0)
    videos = pd.DataFrame(
        {"video_id": [f"v_{i}" for i in range(7)], "study_id": [f"s_{i // 3}" for i in range(7)]}
    )
    for i, video_id in enumerate(videos["video_id"]):
        frames = [np.full((30, 41), 30 * i + rng.integers(60), np.uint8) for _ in range(4 + 5 * i)]
        write_avi(tmp_path / f"{video_id}.avi", frames, 25.0)
    return videos, tmp_path


def test_a_file_that_has_changed_is_unreadable(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("v_1", "v_2"):
        write_avi(tmp_path / f"{name}.avi", rng.integers(0, 255, (12, 40, 40), np.uint8), 30, "magicyuv")
    videos = pd.DataFrame({"video_id": ["v_1", "v_2"], "study_id": "s_1"})
    videos["sha256"] = [file_digest(tmp_path / f"{name}.avi") for name in videos["video_id"]]
    data = bytearray((tmp_path / "v_2.avi").read_bytes())
    data[-2000] ^= 1
    (tmp_path / "v_2.avi").write_bytes(data)
    table = classify_shard(videos, tmp_path, ByBrightness())
    assert list(table["outcome"]) == ["ok", "unreadable"]


def test_probabilities_are_averaged_before_the_decision():
    """Two of three frames say a4c by a little, one says PLAX clearly: the mean says PLAX."""
    decision = decide([[0.50, 0.45, 0.05], [0.50, 0.45, 0.05], [0.05, 0.90, 0.05]], CLASSES, {"plax": "plax"})
    assert decision["view"] == "plax"
    assert decision["runner_up"] == "a4c"
    assert decision["probability"] == pytest.approx(0.6)
    assert decision["margin"] == pytest.approx(0.6 - 0.35)
    assert decision["probabilities"] == pytest.approx([0.35, 0.6, 0.05])
    assert decision["kept"] is True
    assert decision["n_frames_used"] == 3


def test_a_zoomed_plax_is_not_plax():
    """The paper keeps the videos most confidently classified as PLAX, not the variants of the view."""
    decision = decide([[0.1, 0.4, 0.5]], CLASSES, {"plax": "plax"})
    assert (decision["view"], decision["kept"]) == ("plax_zoom", False)


@given(arrays(np.float64, (5, 4), elements=st.floats(0.01, 1)))
def test_decision_oracle(weights):
    names = ["w", "x", "y", "z"]
    rows = (weights / weights.sum(axis=1, keepdims=True)).tolist()
    means = {name: sum(row[i] for row in rows) / 5 for i, name in enumerate(names)}
    ranked = sorted(means.values(), reverse=True)
    decision = decide(np.array(rows), names, {"y": "y"})
    assert means[decision["view"]] == pytest.approx(ranked[0])
    assert means[decision["runner_up"]] == pytest.approx(ranked[1])
    assert decision["margin"] == pytest.approx(ranked[0] - ranked[1])
    assert decision["view"] != decision["runner_up"]
    assert decision["kept"] == (decision["view"] == "y")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((0, 3)), "shape"),
        (np.full((2, 2), 0.5), "shape"),
        (np.full(3, 1 / 3), "shape"),
        (np.array([[2.0, -1.0, 0.0]]), "sum 1"),
        (np.array([[3.0, 1.0, 0.5]]), "logit"),
        (np.array([[np.nan, 0.5, 0.5]]), "sum 1"),
    ],
)
def test_what_is_no_distribution_over_the_classes_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        decide(values, CLASSES, {"plax": "plax"})


@pytest.mark.parametrize(("batch", "workers"), [(1, 1), (10, 2), (25, 1), (64, 3), (1000, 1)])
def test_batches_and_threads_do_not_change_decisions(shard, batch, workers):
    videos, avi_dir = shard
    table = classify_shard(videos, avi_dir, ByBrightness(), batch=batch, workers=workers)
    assert table["video_id"].tolist() == videos["video_id"].tolist()
    assert table["study_id"].tolist() == videos["study_id"].tolist()
    for row in table.itertuples():
        frames = sample_frames(avi_dir / f"{row.video_id}.avi", row.video_id)
        expected = decide(ByBrightness().probabilities(frames), CLASSES, {"plax": "plax"})
        assert row.outcome == "ok"
        assert row.classes == list(CLASSES)
        kept_view = expected.pop("kept_view")
        assert row.kept_view == kept_view if kept_view else pd.isna(row.kept_view)
        assert {name: getattr(row, name) for name in expected} == expected
    assert table["kept"].any()
    assert not table["kept"].all()


def test_a_pass_takes_several_videos_but_not_more_frames_than_the_batch(shard):
    videos, avi_dir = shard
    classifier = ByBrightness()
    classify_shard(videos, avi_dir, classifier, batch=35, settings=ViewSettings(frames=10))
    assert classifier.sizes == [4 + 9 + 10, 30, 10]


def test_an_unreadable_file_is_a_row(shard):
    videos, avi_dir = shard
    (avi_dir / "v_2.avi").write_bytes(b"RIFF nothing")
    done = []
    table = classify_shard(videos, avi_dir, ByBrightness(), batch=20, on_progress=done.append)
    assert table["outcome"].tolist() == ["ok", "ok", "unreadable", "ok", "ok", "ok", "ok"]
    row = table.iloc[2]
    assert not row["kept"]
    assert row["n_frames_used"] == 0
    assert row[["view", "probability", "runner_up", "margin", "probabilities"]].isna().all()
    assert done == [2, 4, 6, 7]
    clean = classify_shard(videos.drop(index=2), avi_dir, ByBrightness())
    pd.testing.assert_frame_equal(table.drop(index=2).reset_index(drop=True), clean)


def test_a_shard_of_unreadable_files_alone(tmp_path):
    (tmp_path / "v_0.avi").write_bytes(b"")
    videos = pd.DataFrame({"video_id": ["v_0"], "study_id": ["s_0"]})
    assert classify_shard(videos, tmp_path, ByBrightness())["outcome"].tolist() == ["unreadable"]


def test_an_empty_shard_gives_an_empty_table(tmp_path):
    table = classify_shard(pd.DataFrame({"video_id": [], "study_id": []}), tmp_path, ByBrightness())
    assert len(table) == 0
    assert list(table.columns) == list(VIEW_DECISIONS.columns)


def test_a_table_that_does_not_belong_to_the_folder_is_refused(shard):
    videos, avi_dir = shard
    (avi_dir / "v_5.avi").unlink()
    with pytest.raises(ValueError, match=r"1 of 7 videos .* v_5"):
        classify_shard(videos, avi_dir, ByBrightness())


def test_the_table_survives_parquet(shard, tmp_path):
    videos, avi_dir = shard
    (avi_dir / "v_2.avi").write_bytes(b"")
    table = classify_shard(videos, avi_dir, ByBrightness())
    VIEW_DECISIONS.write(table, tmp_path / "views.parquet")
    pd.testing.assert_frame_equal(VIEW_DECISIONS.read(tmp_path / "views.parquet"), table)


def test_the_protocol_is_what_the_shard_needs():
    assert isinstance(ByBrightness(), Classifier)
    assert not isinstance(object(), Classifier)


@pytest.mark.parametrize(
    ("keep", "found"),
    [
        (["plax"], {"plax": "plax"}),
        (["plax", "a4c"], {"plax": "plax", "a4c": "a4c"}),
        ({"long": ["plax", "zoom"], "a4c": ["a4c"]}, {"plax": "long", "zoom": "long", "a4c": "a4c"}),
    ],
)
def test_classes_count_as_kept_views(keep, found):
    assert kept_views(keep) == found


@pytest.mark.parametrize("keep", [[], {"a": ["x"], "b": ["x"]}])
def test_a_class_is_kept_once(keep):
    with pytest.raises(ValueError, match=r"views\.keep"):
        kept_views(keep)


def test_kept_views_have_words():
    assert long_names(["plax_plax"]) == "Parasternal long axis (PLAX)"
    assert long_names(["plax", "a4c"]) == "Parasternal long axis (PLAX) and apical four-chamber (A4C)"
    assert long_names({"myView": ["x"]}) == "myView"
    assert short_names({"plax": ["plax_plax", "plax_far"], "a4c": ["a4c"]}) == "PLAX and A4C"


def test_several_classes_are_one_kept_view():
    keep = kept_views({"long": ["plax", "plax_zoom"]})
    decision = decide([[0.1, 0.4, 0.5]], CLASSES, keep)
    assert (decision["view"], decision["kept"], decision["kept_view"]) == (
        *(CLASSES[2], CLASSES[2] in keep, keep.get(CLASSES[2])),
    )
    decision = decide([[0.1, 0.5, 0.4]], CLASSES, keep)
    assert decision["kept_view"] == keep.get(CLASSES[1])
