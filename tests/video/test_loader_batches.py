"""What training sees depends on no reader: 0, 1 or 8 loader processes, 1 or 2 ranks, or a resume."""

import numpy as np
import pandas as pd
import pytest
import torch

from echoclr_core.finetune.batches import ClipBatches
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import study_pairs
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training.batches import load_batches
from echoclr_core.training.inputs import grey_input
from echoclr_core.video.__main__ import main

STEPS = 10  # more than an epoch of either


@pytest.fixture(params=["pretrain", "finetune"])
def batches(request, make_store):
    store = make_store((3,) * 6, frames=[9, 12, 15] * 6)
    videos = store.index[["video_id", "study_id"]]
    if request.param == "pretrain":
        return PairBatches(store, videos, study_pairs(videos["study_id"]), PretrainSettings(batch_size=4))
    labelled = videos.assign(label=pd.factorize(videos["study_id"])[0] % 2)
    return ClipBatches(store, labelled, FinetuneSettings(clip_length=4, batch_size=5))


def read(batches, first, last, workers):
    return list(load_batches(batches, first, last, workers=workers))


def assert_same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert a.keys() == b.keys()
        for name, value in a.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, b[name]), name
            else:
                assert value == b[name], name


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [1, 8])
def test_any_number_of_loader_processes_gives_the_same_batches(batches, workers):
    assert_same(read(batches, 0, STEPS, 0), read(batches, 0, STEPS, workers))


def test_a_resume_sees_what_would_have_come(batches):
    whole = read(batches, 0, STEPS, 0)
    for first in (1, 6, 9):
        assert_same(whole[first:], read(batches, first, STEPS, 1))
    seen = [batch["clips"] for batch in whole]
    assert not any(torch.equal(seen[0], later) for later in seen[1:] if later.shape == seen[0].shape)


def test_two_ranks_share_the_batch_of_one(make_store):
    store = make_store((3,) * 6, frames=12)
    videos = store.index[["video_id", "study_id"]]
    pairs = study_pairs(videos["study_id"])
    settings = PretrainSettings(batch_size=4)
    alone = PairBatches(store, videos, pairs, settings)
    ranks = [PairBatches(store, videos, pairs, settings, rank=rank, world_size=2) for rank in (0, 1)]
    for step in range(STEPS):
        shares = [batches[step] for batches in ranks]
        for name in ("clips", "draws", "orders", "whole"):
            joined = np.concatenate([share[name] for share in shares], axis=1)
            np.testing.assert_array_equal(joined, alone[step][name])


def test_augmentation_of_a_batch_is_that_of_its_clips(batches):
    [batch] = read(batches, 0, 1, 0)
    clips, draws = batch["clips"], batch["draws"]
    if clips.ndim == 5:  # (view, pair, ...)
        clips, draws = clips.flatten(0, 1), draws.flatten(0, 1)
    whole = grey_input(clips, draws, None)
    alone = [grey_input(clips[k : k + 1], draws[k : k + 1], None)[0] for k in range(len(clips))]
    assert torch.equal(whole, torch.stack(alone))


def test_a_store_is_verified_from_the_command_line(make_store, tmp_path, capsys):
    make_store((1, 1), frames=5)
    (tmp_path / "index.parquet").rename(tmp_path / "frames.parquet")
    assert main([str(tmp_path / "frames.npy")]) == 0
    assert "2 videos, 10 frames in 1 shards: every digest is right" in capsys.readouterr().out
    data = bytearray((tmp_path / "frames.npy").read_bytes())
    data[-1] ^= 1
    (tmp_path / "frames.npy").write_bytes(data)
    assert main([str(tmp_path / "frames.npy")]) == 1
    assert "1 videos have changed" in capsys.readouterr().err
