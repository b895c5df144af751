"""A clip store of small random videos, written as the real one is."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from echoclr_core.common.randomness import generator
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that tests of several rooms share
torch.set_num_threads(1)


@pytest.fixture
def make_store(tmp_path):
    """make_store(videos_of_each_study, frames=8, size=16) -> ClipStore; ``frames`` may be a list, video by
    video.
    """

    def make(videos_of_each_study=(3,) * 6, frames=8, size=16):
        ids = [(f"s_{s:02d}", f"v_{s:02d}_{v}") for s, n in enumerate(videos_of_each_study) for v in range(n)]
        counts = [frames] * len(ids) if isinstance(frames, int) else list(frames)
        clips = [
            generator(7, video).integers(0, 256, (count, size, size)).astype(np.uint8)
            for (_, video), count in zip(ids, counts, strict=True)
        ]
        index = pd.DataFrame(
            {
                "video_id": [video for _, video in ids],
                "study_id": [study for study, _ in ids],
                "first": np.cumsum([0, *counts[:-1]]),
                "n_frames": counts,
                "fps": 15.0,
                "sha256": [hashlib.sha256(clip.tobytes()).hexdigest() for clip in clips],
            }
        )
        np.save(tmp_path / "frames.npy", np.concatenate(clips))
        CLIP_INDEX.write(index, tmp_path / "index.parquet")
        return ClipStore.open([tmp_path / "index.parquet"], [tmp_path / "frames.npy"])

    return make


@pytest.fixture
def tiny_transformer(monkeypatch):
    """The name of an encoder without batch norm, added to the library by one file."""
    from echoclr_core.models import encoder, encoders

    folder = Path(__file__).parent / "models" / "one_file"
    encoder.encoder_names()  # the library's own register in the true list, not in the copy
    monkeypatch.setattr(encoder, "_BUILDERS", dict(encoder._BUILDERS))
    monkeypatch.setattr(encoders, "__path__", [*encoders.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, "echoclr_core.models.encoders.tiny_transformer", raising=False)
    yield "tiny_transformer"
    sys.modules.pop("echoclr_core.models.encoders.tiny_transformer", None)
