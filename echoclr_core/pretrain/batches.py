"""The batches of pretraining: what clips, warps and frame orders step n sees."""

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import generator
from echoclr_core.pretrain.frame_order import draw_orders
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training.batches import epoch_order
from echoclr_core.training.inputs import clip_span, frame_counts, read_clips
from echoclr_core.video.augmentation import draw
from echoclr_core.video.sampling import clip_start, is_short
from echoclr_core.video.store import ClipStore

RATE_TOLERANCE = 1e-3  # relative: rates such as 29.97 are rounded when a video is written


class PairBatches:
    """``batches[step]``: this process's share of the pairs of a step.

    Items are shuffled anew each epoch, the last incomplete batch is dropped. Clip start, warp and frame order
    of a view derive from (seed, epoch, item, view). A batch of n pairs holds

    - ``clips`` (2, n, K, H, W) uint8 and ``draws`` (2, n, 4) float64: view, pair;
    - ``orders`` (2, n, c) int64: classes of the shuffled copies (c = 1 for the paper's scheme);
    - ``whole`` (2, n) bool: false where the frames of a clip have no order, see :func:`have_order`;
    - ``studies`` (n,) int64 and ``video_ids``, a list of 2 n ids (view i, then view j).

    Parameters
    ----------
    store, videos
        Clips, and the table (video_id, study_id) whose rows ``items`` index.
    items
        (P, 2) from :func:`echoclr_core.pretrain.pretraining_items`.
    settings
        See :class:`PretrainSettings`.
    rank, world_size
        Which share of each batch.
    purpose
        First key of the random streams; validation draws from others than training.
    """

    def __init__(
        self,
        store: ClipStore,
        videos: pd.DataFrame,
        items: np.ndarray,
        settings: PretrainSettings,
        *,
        batch_size: int | None = None,
        rank: int = 0,
        world_size: int = 1,
        purpose: str = "pretrain",
    ):
        self.store, self.items, self.settings, self.purpose = store, items, settings, purpose
        self.batch_size = batch_size or settings.batch_size
        self.share = self.batch_size // world_size
        self.rank = rank
        self.video_ids = [str(video) for video in videos["video_id"]]
        self.study_codes = pd.factorize(videos["study_id"].astype(str))[0].astype(np.int64)
        self.frames = frame_counts(store, self.video_ids, table="pretraining videos")
        self.span = clip_span(settings.clip_length, settings.frame_stride)
        self.whole = have_order(store, self.video_ids, settings)
        self.steps_per_epoch = len(items) // self.batch_size
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def __getitem__(self, step: int) -> dict:
        epoch, batch = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            self._order = (epoch, epoch_order(len(self.items), self.settings.seed, epoch))
        first = batch * self.batch_size + self.rank * self.share
        chosen = self._order[1][first : first + self.share]
        return self.of_items(epoch, chosen)

    def of_items(self, epoch: int, chosen: np.ndarray) -> dict:
        """The batch of the items in the rows ``chosen``, with the draws of ``epoch``."""
        # (view, pair): the two views of one SimCLR item share their window.
        drawn = [[self._draw(epoch, int(item), view) for item in chosen] for view in (0, 1)]
        starts, draws, orders = (np.array([[view[n] for view in row] for row in drawn]) for n in range(3))
        if not (self.settings.multi_instance or self.settings.independent_windows):
            starts[1] = starts[0]
        videos = self.items[chosen].T  # (2, n)
        ids = [[self.video_ids[row] for row in view] for view in videos]
        length, stride = self.settings.clip_length, self.settings.frame_stride
        return {
            "clips": np.stack(
                [read_clips(self.store, ids[view], starts[view], length, stride) for view in (0, 1)]
            ),
            "draws": draws,
            "orders": orders,
            "whole": self.whole[videos],
            "studies": self.study_codes[videos[0]],
            "video_ids": ids[0] + ids[1],
        }

    def _draw(self, epoch: int, item: int, view: int) -> tuple[int, np.ndarray, np.ndarray]:
        rng = generator(self.settings.seed, self.purpose, epoch, item, view)
        start = clip_start(int(self.frames[self.items[item, view]]), self.span, rng)
        warp = draw(self.settings.augmentation, rng)
        copies = max(self.settings.shuffled_copies, 1) if self.settings.frame_order else 0
        return start, warp, draw_orders(copies, self.settings.clip_length, rng)


def have_order(store: ClipStore, video_ids: list[str], settings: PretrainSettings) -> np.ndarray:
    """Whether the frames of a video's clips are different moments in their order, (n,) bool.

    They are not where the video is shorter than a clip and repeats as a loop, nor where clip.frame_rate is so
    far above the video's own rate that a clip holds one frame twice.
    """
    span = clip_span(settings.clip_length, settings.frame_stride)
    frames = frame_counts(store, video_ids, table="pretraining videos")
    long_enough = np.array([not is_short(int(count), span) for count in frames], dtype=bool)
    step = settings.frame_stride * store.source_steps(video_ids)
    return long_enough & (step > 1 - RATE_TOLERANCE)
