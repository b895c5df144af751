"""The figure's arrays: the right clips, one scale, and checks that can fail."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import torch
from small_network import Network

from echoclr_core.explain.gradcam import class_activation, raw_grad_cam
from echoclr_core.explain.saliency import clip_preparer, explain_studies
from echoclr_core.explain.select import most_confident, most_wrong
from echoclr_core.explain.summary import summarise
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Store:
    """What explain_studies asks of a clip store."""

    def __init__(self, **videos):
        self.videos = videos
        names = list(videos)
        self.index = pd.DataFrame(
            {"video_id": names, "study_id": [name[0] for name in names], "fps": [30.0] * len(names)}
        )

    def n_frames(self, video_id):
        return len(self.videos[video_id])

    def clip(self, video_id, start, length):
        frames = self.videos[video_id]
        return frames[np.arange(start, start + length) % len(frames)]


def video(n_frames, seed, size=24):
    frames = np.random.default_rng(seed).integers(1, 255, (n_frames, size, size), dtype=np.uint8)
    frames[:, :, : size // 2] = 0
    return frames


def predictions():
    return pd.DataFrame(
        {
            "study_id": ["a", "a", "b", "c", "c", "d", "e"],
            "video_id": ["a0", "a1", "b0", "c1", "c0", "d0", "e0"],
            "label": [1, 1, 0, 1, 1, 0, 0],
            "video_probability": [0.7, 0.9, 0.95, 0.6, 0.6, 0.6, 0.1],
            "study_probability": [0.8, 0.8, 0.95, 0.6, 0.6, 0.6, 0.1],
            "clip_probabilities": [[0.5]] * 7,
        }
    )


def selection():
    return most_confident(predictions(), 3)


def store():
    return Store(a1=video(40, 1), b0=video(33, 2), c0=video(10, 3))


def test_each_study_once_by_its_most_confident_video():
    chosen = selection()
    assert chosen["study_id"].tolist() == ["b", "a", "c"]
    assert chosen["video_id"].tolist() == ["b0", "a1", "c0"]
    assert chosen["label"].tolist() == [0, 1, 1]
    assert chosen["rank"].tolist() == [1, 2, 3]
    shuffled = most_confident(predictions().sample(frac=1, random_state=0), 3)
    pd.testing.assert_frame_equal(chosen, shuffled)
    assert len(most_confident(predictions(), 99)) == 5


def test_selection_refuses_what_it_cannot_rank():
    with pytest.raises(ValueError, match="n: 0"):
        most_confident(predictions(), 0)
    with pytest.raises(ValueError, match="0 rows"):
        most_confident(predictions().iloc[:0])
    with pytest.raises(ValueError, match="1 cells missing"):
        most_confident(predictions().assign(study_probability=[np.nan, *[0.5] * 6]))


def test_arrays_of_the_figure():
    models = {"kinetics400": Network(0), "echoclr": Network(1)}
    found = explain_studies(models, store(), selection(), n_randomisations=1)
    assert found["models"].tolist() == ["kinetics400", "echoclr"]
    assert found["video_ids"].tolist() == ["b0", "a1", "c0"]
    assert found["looped"].tolist() == [False, False, True]
    assert found["maps"].shape == (2, 3, 24, 24)
    assert found["volumes"].shape == (2, 3, 32, 24, 24)
    np.testing.assert_array_equal(found["maps"].astype(np.float16), found["volumes"].max(axis=2))
    assert found["fps"].tolist() == [30, 30, 30]
    np.testing.assert_array_equal(found["clips"][2, 10:20], found["clips"][2, :10])
    assert found["scale"] == found["maps"].max()
    assert found["scale"] > 0
    assert all(array.dtype != object for array in found.values())


def test_the_clip_shown_is_the_clip_scored():
    model = Network(2).eval()
    found = explain_studies({"m": model}, store(), selection(), n_randomisations=0)
    for place, clip in enumerate(found["clips"]):
        values = clip_preparer()(clip)
        with torch.no_grad():
            expected = torch.sigmoid(model(values[None]))[0].item()
        assert found["probabilities"][0, place] == pytest.approx(expected, abs=1e-6)
        np.testing.assert_allclose(
            found["volumes"][0, place], raw_grad_cam(model, values), rtol=1e-3, atol=1e-6
        )
        np.testing.assert_allclose(
            found["maps"][0, place], raw_grad_cam(model, values).max(axis=0), rtol=1e-5, atol=1e-9
        )
    assert np.isnan(found["correlations"]).all()


def test_a_video_of_another_study_is_refused():
    videos = store()
    videos.index.loc[videos.index["video_id"] == "b0", "study_id"] = "z"
    with pytest.raises(ValueError, match=r"\['b0'\] belong to the studies \['z'\] .* to \['b'\]"):
        explain_studies({"m": Network()}, videos, selection(), n_randomisations=0)
    with pytest.raises(ValueError, match=r"no video \['x9'\]"):
        explain_studies(
            {"m": Network()}, store(), selection().assign(video_id=["b0", "a1", "x9"]), n_randomisations=0
        )


def test_with_the_workflow_s_own_classifier_and_store(tmp_path):
    frames = np.concatenate([video(40, 1), video(33, 2), video(10, 3)])
    lengths = [40, 33, 10]
    digests = [
        hashlib.sha256(part.tobytes()).hexdigest() for part in np.split(frames, np.cumsum(lengths)[:-1])
    ]
    index = {"video_id": ["a1", "b0", "c0"], "study_id": ["a", "b", "c"], "first": [0, 40, 73]}
    index |= {"n_frames": lengths, "fps": [30.0] * 3, "sha256": digests}
    CLIP_INDEX.write(pd.DataFrame(index), tmp_path / "index.parquet")
    np.save(tmp_path / "frames.npy", frames)
    clips = ClipStore.open([tmp_path / "index.parquet"], [tmp_path / "frames.npy"])
    model = Classifier(build_encoder(EncoderSettings(name="r3d", width=4, blocks=(1, 1, 1, 1)), seed=0))
    coarse, _ = class_activation(model, clip_preparer()(clips.clip("a1", 0, 32)))
    assert coarse.shape == (4, 2, 2)
    found = explain_studies({"echoclr": model}, clips, selection(), n_randomisations=1)
    expected = explain_studies({"echoclr": model}, store(), selection(), n_randomisations=1)
    assert all(
        np.array_equal(found[name], expected[name], equal_nan=found[name].dtype.kind == "f") for name in found
    )


def test_a_smaller_network_gives_maps_of_the_stored_size():
    found = explain_studies(
        {"m": Network()}, store(), selection(), prepare=clip_preparer(size=12), n_randomisations=0
    )
    assert found["maps"].shape == (1, 3, 24, 24)


def test_arrays_survive_npz_without_pickle(tmp_path):
    found = explain_studies({"m": Network()}, store(), selection(), n_randomisations=0)
    np.savez(tmp_path / "saliency.npz", **found)
    with np.load(tmp_path / "saliency.npz", allow_pickle=False) as stored:
        assert set(stored) == set(found)
        np.testing.assert_array_equal(stored["maps"], found["maps"])


def test_wrong_requests():
    with pytest.raises(ValueError, match="0 models"):
        explain_studies({}, store(), selection())
    with pytest.raises(ValueError, match=r"nothing for the models \['b'\]"):
        explain_studies(
            {"a": Network(), "b": Network()}, store(), selection(), prepare={"a": clip_preparer()}
        )


def test_preparation_by_model():
    seen = []

    def noted(name):
        def prepare(clip):
            seen.append(name)
            return clip_preparer(normalisation="kinetics400" if name == "kinetics400" else "min-max")(clip)

        return prepare

    models = {name: Network() for name in ("kinetics400", "echoclr")}
    found = explain_studies(
        models, store(), selection(), prepare={name: noted(name) for name in models}, n_randomisations=0
    )
    assert seen == ["kinetics400"] * 3 + ["echoclr"] * 3
    assert not np.allclose(found["probabilities"][0], found["probabilities"][1])


def test_prepared_clips():
    clip = video(8, 0)
    plain = clip_preparer()(clip)
    assert plain.shape == (3, 8, 24, 24)
    np.testing.assert_allclose(plain[1], clip / clip.max(), atol=1e-6)
    np.testing.assert_allclose(
        clip_preparer(normalisation="kinetics400")(clip)[0], (plain[0] - 0.43216) / 0.22803, atol=1e-5
    )
    assert clip_preparer(size=12)(clip).shape == (3, 8, 12, 12)
    assert (clip_preparer()(np.zeros((4, 8, 8), np.uint8)) == 0).all()


def landmarks():
    place = {"valve_x": [18.0], "valve_y": [6.0], "px_per_cm_x": [2.0], "px_per_cm_y": [1.0]}
    return pd.DataFrame({"video_id": ["a1"], **place})


def test_shares_in_the_sector_and_on_the_valve():
    found = explain_studies({"m": Network()}, store(), selection(), n_randomisations=0, landmarks=landmarks())
    assert found["sector_area"].tolist() == [0.5, 0.5, 0.5]
    for place, volume in enumerate(found["maps"][0]):
        inside = volume[:, 12:].sum(dtype=np.float64) / volume.sum(dtype=np.float64)
        assert found["sector_share"][0, place] == pytest.approx(inside)
    assert found["valve"][1].tolist() == [18, 6, 3, 1.5]
    assert np.isnan(found["valve"][[0, 2]]).all()
    assert np.isnan(found["valve_share"][0, [0, 2]]).all()
    y, x = np.mgrid[:24, :24]
    disc = ((x - 18) / 3) ** 2 + ((y - 6) / 1.5) ** 2 <= 1
    one = found["maps"][0, 1]
    assert found["valve_area"][1] == disc.mean()
    assert found["valve_share"][0, 1] == pytest.approx(one[disc].sum() / one.sum(), rel=1e-5)
    assert found["valve_peak"][0, 1] == disc[one == one.max()].any()


def test_summary_is_the_mean_of_the_arrays():
    models = {"kinetics400": Network(0), "echoclr": Network(1)}
    found = explain_studies(models, store(), selection(), n_randomisations=1, landmarks=landmarks())
    summary = summarise(found)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["n_studies"] == 3
    assert summary["frames"] == 32
    assert summary["looped"] == 1
    assert summary["stages"] == ["head", "last_block", "stem"]
    assert summary["valve_area"] == found["valve_area"][1]
    echoclr = summary["models"]["echoclr"]
    assert echoclr["sector_share"] == pytest.approx(found["sector_share"][1].mean())
    assert echoclr["valve_share"] == found["valve_share"][1, 1]
    assert echoclr["greatest"] == pytest.approx(found["maps"][1].max())
    assert echoclr["correlations"] == pytest.approx(np.nanmean(found["correlations"][1], axis=1).tolist())
    assert [study["video_id"] for study in summary["studies"]] == ["b0", "a1", "c0"]
    assert summary["studies"][1]["clip_probabilities"]["echoclr"] == found["probabilities"][1, 1]
    without = summarise(explain_studies(models, store(), selection(), n_randomisations=0))
    assert without["valve_area"] is None
    assert without["models"]["echoclr"]["correlations"] == [None, None, None]


def test_store_frames_are_not_touched():
    videos = store()
    before = {name: hashlib.sha256(frames).hexdigest() for name, frames in videos.videos.items()}
    explain_studies({"m": Network()}, videos, selection(), n_randomisations=1)
    assert before == {name: hashlib.sha256(frames).hexdigest() for name, frames in videos.videos.items()}


def test_most_wrong_takes_extremes_of_both_classes():
    chosen = most_wrong(predictions(), 1)
    assert chosen["study_id"].tolist() == ["b", "c"]
    assert chosen["label"].tolist() == [0, 1]
    # the control by its highest video, the case by its lowest
    assert chosen["video_id"].tolist() == ["b0", "c0"]
    assert most_wrong(predictions().head(0)).empty
    assert len(most_wrong(predictions(), 9)) == 5
