"""The batches of fine-tuning: one random clip a video a pass."""

import math

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import generator
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.training.batches import epoch_order
from echoclr_core.training.inputs import clip_span, frame_counts, read_clips
from echoclr_core.video.augmentation import draw
from echoclr_core.video.sampling import clip_start
from echoclr_core.video.store import ClipStore


class ClipBatches:
    """``batches[step]`` of supervised training: clips (n, T, H, W) uint8, draws (n, 4), labels (n,) float32,
    video_ids.

    A pass shuffles the videos anew and is cut into ``ceil(videos / batch_size)`` batches that differ by one
    clip at most, so that batch normalisation never sees a left-over of a few clips. Clip start and warp
    derive from (seed, pass, video's row).

    Parameters
    ----------
    store, videos
        Clips, and the table (video_id, study_id, label).
    settings
        See :class:`FinetuneSettings`.
    """

    def __init__(self, store: ClipStore, videos: pd.DataFrame, settings: FinetuneSettings):
        self.store, self.settings = store, settings
        self.video_ids = list(videos["video_id"])
        self.labels = videos["label"].to_numpy(np.float32)
        self.frames = frame_counts(store, self.video_ids, table="training videos")
        self.span = clip_span(settings.clip_length, settings.frame_stride)
        self.steps_per_pass = math.ceil(len(self.video_ids) / settings.batch_size)
        passes = math.ceil(settings.min_steps_per_epoch / self.steps_per_pass)
        self.steps_per_epoch = passes * self.steps_per_pass

    def __getitem__(self, step: int) -> dict:
        number, batch = divmod(step, self.steps_per_pass)
        order = epoch_order(len(self.video_ids), self.settings.seed, number)
        rows = np.array_split(order, self.steps_per_pass)[batch]
        starts, draws = [], []
        for row in rows:
            rng = generator(self.settings.seed, "finetune", number, int(row))
            starts.append(clip_start(int(self.frames[row]), self.span, rng))
            draws.append(draw(self.settings.augmentation, rng))
        ids = [self.video_ids[row] for row in rows]
        clips = read_clips(self.store, ids, starts, self.settings.clip_length, self.settings.frame_stride)
        return {"clips": clips, "draws": np.stack(draws), "labels": self.labels[rows], "video_ids": ids}
