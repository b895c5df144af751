"""The figure's arrays: the right clips, one scale, and checks that can fail."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from echoclr_core.explain import (
    class_activation,
    clip_preparer,
    explain_studies,
    most_confident,
    overlay,
    randomisation_check,
    rank_correlation,
    raw_grad_cam,
    redraw_weights,
    sector_of,
    share_inside,
)
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.video.store import CLIP_INDEX, ClipStore


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

    def n_frames(self, video_id):
        return len(self.videos[video_id])

    def clip(self, video_id, start, length):
        frames = self.videos[video_id]
        return frames[np.arange(start, start + length) % len(frames)]


class Network(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Sequential(nn.Conv3d(3, 4, 3, stride=2, padding=1), nn.ReLU())
        self.last_block = nn.Sequential(nn.Conv3d(4, 8, 3, stride=2, padding=1), nn.ReLU())
        self.head = nn.Linear(8, 1)

    def forward(self, clips):
        return self.head(self.last_block(self.stem(clips)).mean((2, 3, 4)))[:, 0]


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
    found = explain_studies(models, store(), selection(), keep_volumes=True, redraws=1)
    assert found["models"].tolist() == ["kinetics400", "echoclr"]
    assert found["video_ids"].tolist() == ["b0", "a1", "c0"]
    assert found["looped"].tolist() == [False, False, True]
    assert found["maps"].shape == (2, 3, 24, 24)
    assert found["volumes"].shape == (2, 3, 32, 24, 24)
    np.testing.assert_array_equal(found["maps"], found["volumes"].max(axis=2))
    np.testing.assert_array_equal(found["frame"], found["clips"][:, 0])
    np.testing.assert_array_equal(found["clips"][2, 10:20], found["clips"][2, :10])
    assert found["scale"] == found["maps"].max()
    assert found["scale"] > 0
    assert all(array.dtype != object for array in found.values())


def test_the_clip_shown_is_the_clip_scored():
    model = Network(2).eval()
    found = explain_studies({"m": model}, store(), selection(), keep_volumes=True, redraws=0)
    for place, clip in enumerate(found["clips"]):
        values = clip_preparer()(clip)
        with torch.no_grad():
            expected = torch.sigmoid(model(values[None]))[0].item()
        assert found["probabilities"][0, place] == pytest.approx(expected, abs=1e-6)
        np.testing.assert_allclose(
            found["volumes"][0, place], raw_grad_cam(model, values), rtol=1e-5, atol=1e-9
        )
    assert np.isnan(found["correlation_all"]).all()


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
    found = explain_studies({"echoclr": model}, clips, selection(), redraws=1)
    expected = explain_studies({"echoclr": model}, store(), selection(), redraws=1)
    assert all(
        np.array_equal(found[name], expected[name], equal_nan=found[name].dtype.kind == "f") for name in found
    )


def test_a_smaller_network_gives_maps_of_the_stored_size():
    found = explain_studies({"m": Network()}, store(), selection(), prepare=clip_preparer(size=12), redraws=0)
    assert found["maps"].shape == (1, 3, 24, 24)


def test_arrays_survive_npz_without_pickle(tmp_path):
    found = explain_studies({"m": Network()}, store(), selection(), redraws=0)
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
            return clip_preparer(kinetics=name == "kinetics400")(clip)

        return prepare

    models = {name: Network() for name in ("kinetics400", "echoclr")}
    found = explain_studies(
        models, store(), selection(), prepare={name: noted(name) for name in models}, redraws=0
    )
    assert seen == ["kinetics400"] * 3 + ["echoclr"] * 3
    assert not np.allclose(found["probabilities"][0], found["probabilities"][1])


def test_prepared_clips():
    clip = video(8, 0)
    plain = clip_preparer()(clip)
    assert plain.shape == (3, 8, 24, 24)
    np.testing.assert_allclose(plain[1], clip / clip.max(), atol=1e-6)
    np.testing.assert_allclose(
        clip_preparer(kinetics=True)(clip)[0], (plain[0] - 0.43216) / 0.22803, atol=1e-5
    )
    assert clip_preparer(size=12)(clip).shape == (3, 8, 12, 12)
    assert (clip_preparer()(np.zeros((4, 8, 8), np.uint8)) == 0).all()


def test_share_inside_the_sector():
    clip = np.zeros((2, 4, 4), np.uint8)
    clip[0, :, 0] = 9
    clip[1, :, 1] = 9
    sector = sector_of(clip)
    assert sector.sum() == 8
    saliency = np.ones((4, 4), np.float32)
    saliency[:, 0] = 5
    assert share_inside(saliency, sector) == pytest.approx((20 + 4) / 32)
    assert share_inside(np.where(sector, saliency, 0), sector) == 1
    assert np.isnan(share_inside(np.zeros((4, 4)), sector))
    found = explain_studies({"m": Network()}, store(), selection(), redraws=0)
    assert found["sector_area"].tolist() == [0.5, 0.5, 0.5]
    assert ((found["sector_share"] >= 0) & (found["sector_share"] <= 1)).all()


def test_redrawing_keeps_values_and_loses_places():
    model = Network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    everything, block = redraw_weights(model, "all"), redraw_weights(model, "last_block")
    for name, value in everything.state_dict().items():
        assert torch.equal(value.flatten().sort()[0], before[name].flatten().sort()[0])
        changed = not torch.equal(block.state_dict()[name], before[name])
        assert changed == (name in ("last_block.0.weight", "last_block.0.bias"))
    assert not torch.equal(everything.stem[0].weight, before["stem.0.weight"])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    again = redraw_weights(model, "all").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in everything.state_dict().items())
    with pytest.raises(ValueError, match="scope: 'some'"):
        redraw_weights(model, "some")


def test_randomisation_check_tells_an_edge_detector_from_a_learnt_map():
    """With one channel there is nothing to arrange: the map survives any redraw. With eight it does not."""
    stubborn = nn.Sequential(
        nn.Conv3d(1, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(1, 1)
    )
    with torch.no_grad():
        for weight in stubborn.parameters():
            weight.fill_(0.5)
    clips = [torch.rand(1, 4, 8, 8)]
    maps = [class_activation(stubborn, clips[0])[0]]
    assert randomisation_check(stubborn, clips, maps, "all").tolist() == [pytest.approx(1.0)]
    model = Network(3)
    clips = [clip_preparer()(video(32, seed)) for seed in range(3)]
    maps = [class_activation(model, clip)[0] for clip in clips]
    found = randomisation_check(model, clips, maps, "all", redraws=5)
    assert found.shape == (3,)
    assert np.nanmax(np.abs(found)) < 0.95
    np.testing.assert_array_equal(found, randomisation_check(model, clips, maps, "all", redraws=5))


def test_rank_correlation():
    a = np.arange(8.0).reshape(2, 2, 2)
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    ranks = pd.Series([1, 2, 2, 3]).rank()
    other = pd.Series([1, 3, 2, 2]).rank()
    expected = np.corrcoef(ranks, other)[0, 1]
    assert rank_correlation(np.array([1, 2, 2, 3]), np.array([1, 3, 2, 2])) == pytest.approx(expected)
    assert np.isnan(rank_correlation(a, np.zeros_like(a)))


def test_overlay_shows_a_weak_map_as_weak():
    frame = np.full((4, 4), 100, np.uint8)
    saliency = np.zeros((4, 4))
    saliency[0, 0], saliency[0, 1], saliency[0, 2] = 2.0, 0.02, 9.0
    found = overlay(frame, saliency, scale=2.0)
    assert found.shape == (4, 4, 3)
    assert found.dtype == np.uint8
    assert (found[1:] == 100).all()
    assert np.abs(found[0, 1].astype(int) - 100).max() <= 2
    assert np.abs(found[0, 0].astype(int) - 100).max() > 50
    np.testing.assert_array_equal(found[0, 0], found[0, 2])  # beyond the scale: its top
    np.testing.assert_array_equal(overlay(frame, np.zeros((4, 4)), scale=0.0), np.full((4, 4, 3), 100))
    with pytest.raises(ValueError, match="overlay"):
        overlay(frame, saliency[:2], scale=1.0)


def test_store_frames_are_not_touched():
    videos = store()
    before = {name: hashlib.sha256(frames).hexdigest() for name, frames in videos.videos.items()}
    explain_studies({"m": Network()}, videos, selection(), redraws=1)
    assert before == {name: hashlib.sha256(frames).hexdigest() for name, frames in videos.videos.items()}
