"""The clip store: every frame of a shard's videos in one memory-mapped array, decoded once.

A shard is two files: ``frames`` is a plain ``.npy`` of (N, H, W) uint8, the videos one after another, and
``index`` says where each begins. Reading a clip is one slice of the map: no decoding, no copy of anything
else, and all processes of a machine share the pages. Both files are only read after they are built.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.store_files import store_files
from echoclr_core.video.sampling import is_short
from echoclr_core.video.tables import read_clip_index


class ClipStore:
    """Random access to the clips of all shards; made by :meth:`open`.

    It is small to pickle (each process maps the files itself) and never writes.
    """

    def __init__(
        self, index: pd.DataFrame, frames_paths: Sequence[Path], places: dict, size: tuple[int, int]
    ):
        self.index = index  # CLIP_INDEX or RESAMPLED_INDEX over all shards, in the order they were given
        self.size = size  # (H, W)
        self._frames_paths = list(frames_paths)
        self._places = places  # video_id: (shard, first, n_frames)
        self._maps: list[np.ndarray | None] = [None] * len(self._frames_paths)

    @classmethod
    def open(cls, index_paths: Sequence[str | Path], frames_paths: Sequence[str | Path]) -> "ClipStore":
        """Open shards; index and array of a shard stand at the same position.

        Raises
        ------
        ValueError
            No shard, lists of different lengths, shards of different frame sizes, an array that does not
            hold what its index says, or a video that stands in two shards.
        """
        if not index_paths or len(index_paths) != len(frames_paths):
            raise ValueError(
                f"a clip store needs one array for each index, received {len(index_paths)} index files "
                f"and {len(frames_paths)} arrays"
            )
        frames_paths = [Path(path) for path in frames_paths]
        tables = [read_clip_index(path) for path in index_paths]
        sizes, places = set(), {}
        for shard, (table, path) in enumerate(zip(tables, frames_paths, strict=True)):
            sizes.add(_mapped(path, int(table["n_frames"].sum())).shape[1:])
            for video_id, first, n_frames in table[["video_id", "first", "n_frames"]].itertuples(index=False):
                if video_id in places:
                    raise ValueError(f"clip store: video {video_id} stands in two shards")
                places[video_id] = (shard, int(first), int(n_frames))
        if len(sizes) != 1:
            raise ValueError(f"clip store: shards have different frame sizes {sorted(sizes)}")
        return cls(pd.concat(tables, ignore_index=True), frames_paths, places, sizes.pop())

    def __len__(self) -> int:
        """Number of videos."""
        return len(self._places)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_maps": [None] * len(self._maps)}

    def n_frames(self, video_id: str) -> int:
        """Number of frames of a video."""
        return self._place(video_id)[2]

    def source_steps(self, video_ids: Sequence[str]) -> np.ndarray:
        """Frames of the masked video from one stored frame of it to the next, (n,) float64.

        1 where every frame is stored; below 1, neighbouring frames of the store may be the same one.
        """
        index = self.index.set_index("video_id").loc[list(video_ids)]
        if "source_fps" not in index:
            return np.ones(len(index))
        return (index["source_fps"] / index["fps"]).to_numpy(dtype=np.float64)

    def video(self, video_id: str) -> np.ndarray:
        """All frames of a video, (n_frames, H, W) uint8, a copy."""
        return self._view(video_id).copy()

    def clip(self, video_id: str, start: int, length: int) -> np.ndarray:
        """``length`` consecutive frames from ``start`` on, (length, H, W) uint8, a copy.

        A video shorter than ``length`` is repeated as a loop.

        Raises
        ------
        ValueError
            The video is not in the store, or the clip would run over the end of a long enough video.
        """
        frames = self._view(video_id)
        out = np.empty((length, *self.size), np.uint8)
        _fill(out, frames, start, video_id)
        return out

    def clips(self, video_ids: Sequence[str], starts: Sequence[int], length: int) -> np.ndarray:
        """A batch of clips as :meth:`clip` gives them, (B, length, H, W) uint8, without a second copy."""
        out = np.empty((len(video_ids), length, *self.size), np.uint8)
        for target, video_id, start in zip(out, video_ids, starts, strict=True):
            _fill(target, self._view(video_id), int(start), video_id)
        return out

    @classmethod
    def open_folder(cls, folder: str | Path) -> "ClipStore":
        """Open the store of a study, ``results/<study>/clips``: every shard that its store.json lists.

        Raises
        ------
        FileNotFoundError
            When the folder has no store.json.

        See Also
        --------
        echoclr_core.video.store_building.build_store : make a shard of masked videos.

        Examples
        --------
        >>> store = ClipStore.open_folder("clips")
        >>> len(store), store.size
        (24, (16, 16))
        >>> store.clip("v_00", start=1, length=4).shape
        (4, 16, 16)
        """
        return cls.open_manifest(Path(folder) / "store.json")

    @classmethod
    def open_manifest(cls, manifest: str | Path) -> "ClipStore":
        """As :meth:`open_folder`, by the store.json itself."""
        return cls.open(*store_files(manifest))

    def verify(self) -> None:
        """Read every frame and compare its video's SHA-256; ValueError names the videos that differ."""
        wrong = [
            video_id
            for video_id, sha256 in self.index[["video_id", "sha256"]].itertuples(index=False)
            if hashlib.sha256(self._view(video_id).data).hexdigest() != sha256
        ]
        if wrong:
            raise ValueError(f"clip store: the frames of {len(wrong)} videos have changed: {wrong[:10]}")

    def _place(self, video_id: str) -> tuple[int, int, int]:
        try:
            return self._places[video_id]
        except KeyError:
            raise ValueError(f"clip store: there is no video {video_id!r} among {len(self)}") from None

    def _view(self, video_id: str) -> np.ndarray:
        shard, first, n_frames = self._place(video_id)
        frames = self._maps[shard]
        if frames is None:
            frames = self._maps[shard] = _mapped(self._frames_paths[shard])
        return frames[first : first + n_frames]


def _fill(out: np.ndarray, frames: np.ndarray, start: int, video_id: str) -> None:
    short = is_short(len(frames), len(out))
    last = len(frames) - 1 if short else len(frames) - len(out)
    if not 0 <= start <= last:
        raise ValueError(
            f"clip store: video {video_id!r} of {len(frames)} frames has no clip of {len(out)} "
            f"from frame {start}; allowed is 0 to {last}"
        )
    rows = (start + np.arange(len(out))) % len(frames) if short else slice(start, start + len(out))
    out[...] = frames[rows]


def _mapped(path: Path, n_frames: int | None = None) -> np.ndarray:
    """The array of a shard as a read-only map, checked to hold ``n_frames`` frames if that is given."""
    try:
        frames = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name}: not a readable array of frames ({type(error).__name__})") from None
    if frames.dtype != np.uint8 or frames.ndim != 3 or n_frames not in (None, len(frames)):
        raise ValueError(
            f"{path.name}: holds {frames.dtype} {frames.shape}; its index needs uint8 ({n_frames}, H, W)"
        )
    # A plain view of the map: slices of np.memmap itself cost several times as much.
    return frames.view(np.ndarray)
