"""Perturbed videos: deterministic, black outside the sector, and changed as their names say."""

import pickle

import numpy as np
import pandas as pd
import pytest

from echoclr_core.finetune.scoring import EvaluationBatches
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.training.batches import load_batches
from echoclr_core.video.perturb import PERTURBATIONS, perturb, polar
from echoclr_core.video.perturbed_store import PerturbedStore
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX


def video(n_frames=6, size=48):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size]
    fan = (np.hypot(x - size / 2, y - 2) < size - 6) & (np.abs(np.arctan2(x - size / 2, y - 2)) < 0.7)
    return np.where(fan, rng.integers(80, 180, (n_frames, size, size)), 0).astype(np.uint8)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_same_seed_same_video_and_nothing_outside_the_sector(name):
    frames = video()
    changed = perturb(frames, name, seed=1, video_id="v")
    assert (changed.shape, changed.dtype) == (frames.shape, np.uint8)
    np.testing.assert_array_equal(changed, perturb(frames, name, seed=1, video_id="v"))
    assert not np.array_equal(changed, frames)
    if name != "rotation":
        assert not changed[:, frames.max(0) == 0].any()
    np.testing.assert_array_equal(frames, video())  # the source is left alone


def test_each_does_what_its_name_says():
    frames = video()
    depth, angle = polar(frames.max(0) > 0)
    deep, shallow = (depth > 0.8) & (frames[0] > 0), (depth < 0.2) & (frames[0] > 0)

    def change(name, where):
        return (perturb(frames, name, seed=1, video_id="v").astype(float) - frames)[:, where].mean()

    assert change("depth_attenuation", deep) < -55 < -25 < change("depth_attenuation", shallow) < 0
    assert change("gain", frames[0] > 0) == pytest.approx(30, abs=1)
    assert abs(change("speckle", frames[0] > 0)) < 3
    halved = perturb(frames, "half_frame_rate", seed=1, video_id="v")
    np.testing.assert_array_equal(halved[1::2], halved[::2])
    np.testing.assert_array_equal(halved[::2], frames[::2])
    dark = perturb(frames, "shadow", seed=1, video_id="v")[0] < 0.5 * frames[0]
    assert 0.03 < dark.sum() / (frames[0] > 0).sum() < 0.4
    assert np.ptp(angle[dark]) < 0.3
    turned = perturb(frames, "rotation", seed=1, video_id="v")
    assert (turned > 0).sum() == pytest.approx((frames > 0).sum(), rel=0.1)


def test_unknown_name_and_black_video():
    with pytest.raises(ValueError, match="'blur'; allowed is one of"):
        perturb(video(), "blur", seed=0, video_id="v")
    black = np.zeros((3, 8, 8), np.uint8)
    assert not perturb(black, "gain", seed=0, video_id="v").any()


@pytest.fixture
def store(tmp_path):
    """Two videos of one study, ``a`` of 6 frames and ``b`` of 4."""
    np.save(tmp_path / "0000.npy", np.concatenate([video(6), video(4)]))
    index = {name: [pd.NA] * 2 for name in CLIP_INDEX.columns}
    index |= {"video_id": ["a", "b"], "study_id": ["s", "s"], "first": [0, 6], "n_frames": [6, 4]}
    frame = pd.DataFrame(index).assign(fps=30.0, sha256="0" * 64)
    return ClipStore(frame, [tmp_path / "0000.npy"], {"a": (0, 0, 6), "b": (0, 6, 4)}, (48, 48))


def test_a_store_of_perturbed_videos(store):
    """Clips of a perturbed video are parts of one changed video, and survive pickling."""
    changed = pickle.loads(pickle.dumps(PerturbedStore(store, "speckle", seed=3)))
    whole = perturb(video(6), "speckle", seed=3, video_id="a")
    np.testing.assert_array_equal(changed.clip("a", 2, 3), whole[2:5])
    batch = changed.clips(["a", "b", "a"], [0, 0, 1], 4)
    np.testing.assert_array_equal(batch[2], whole[1:5])
    np.testing.assert_array_equal(store.clip("a", 0, 6), video(6))


def test_loader_processes_read_the_same_perturbed_clips(store):
    settings = FinetuneSettings(clip_length=3, eval_clips_per_video=2, batch_size=1, learning_rate=1e-3)
    batches = EvaluationBatches(PerturbedStore(store, "speckle", seed=3), ["a", "b"], settings)
    assert len(batches) == 4
    alone, ahead = (
        [batch["clips"].numpy() for batch in load_batches(batches, 0, len(batches), workers=workers)]
        for workers in (0, 2)
    )
    np.testing.assert_array_equal(ahead, alone)
    whole = perturb(video(6), "speckle", seed=3, video_id="a")
    np.testing.assert_array_equal(alone[0][0], whole[:3])
