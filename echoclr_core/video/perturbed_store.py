"""A clip store whose videos are changed as they are read."""

import numpy as np

from echoclr_core.video.perturb import perturb
from echoclr_core.video.store import ClipStore


class PerturbedStore(ClipStore):
    """Another store's videos, each changed as a whole by :func:`~echoclr_core.video.perturb.perturb`.

    Parameters
    ----------
    store
        The unchanged videos.
    name, seed
        As of ``perturb``.
    """

    def __init__(self, store: ClipStore, name: str, *, seed: int):
        super().__init__(store.index, store._frames_paths, store._places, store.size)
        self.name, self.seed = name, seed
        self._last: tuple[str, np.ndarray] | None = None  # clips of one video are read one after another

    def _view(self, video_id: str) -> np.ndarray:
        if self._last is None or self._last[0] != video_id:
            changed = perturb(super()._view(video_id), self.name, seed=self.seed, video_id=video_id)
            self._last = (video_id, changed)
        return self._last[1]

    def __getstate__(self) -> dict:
        return super().__getstate__() | {"_last": None}
