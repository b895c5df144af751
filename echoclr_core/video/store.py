"""The clip store: every frame of a shard's videos in one memory-mapped array, decoded once.

A shard is two files: ``frames`` is a plain ``.npy`` of (N, H, W) uint8, the videos one after another, and
``index`` says where each begins. Reading a clip is one slice of the map: no decoding, no copy of anything
else, and all processes of a machine share the pages. Both files are only read after they are built.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.common.tables import Column, Table
from echoclr_core.video.sampling import is_short

CLIP_INDEX = Table(
    "clip index",
    {
        "video_id": Column(kind="str", description="pseudonym of the video"),
        "study_id": Column(kind="str", description="pseudonym of its study"),
        "first": Column(kind="int", description="row of its first frame in the shard's array", low=0),
        "n_frames": Column(kind="int", description="its number of frames", low=1),
        "fps": Column(kind="float", description="frames per second"),
        "sha256": Column(kind="str", description="SHA-256 of its frames' bytes in the array"),
    },
    key=("video_id",),
)


def build_store(
    masked: pd.DataFrame,
    avi_dir: str | Path,
    frames_path: str | Path,
    index_path: str | Path,
    *,
    size: int = 112,
) -> None:
    """Decode a shard's masked videos into one array and its index.

    Equal videos give equal bytes. Both files are atomic, the index is the last one written.

    Parameters
    ----------
    masked
        The shard's MASKED_VIDEOS; only rows whose outcome is "ok" are taken, by study, then video.
    avi_dir
        Where <video_id>.avi are.
    frames_path, index_path
        What is written: ``.npy`` (N, H, W) uint8 and CLIP_INDEX.
    size
        Height and width of the frames, pixels (what an array without videos has too).

    Raises
    ------
    ValueError
        A video does not decode, is not the file that was masked, or has other frames than its row says.
    """
    rows = masked[masked["outcome"] == "ok"].sort_values(["study_id", "video_id"], kind="stable")
    total = int(rows["n_frames"].sum())
    index, first = [], 0
    with atomic_path(frames_path) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (total, size, size)}
        np.lib.format.write_array_header_1_0(file, header)
        for row in rows.itertuples(index=False):
            checksum = hashlib.sha256()
            for frame in _frames_of(row, Path(avi_dir), size):
                file.write(frame.data)
                checksum.update(frame.data)
            index.append((row.video_id, row.study_id, first, row.n_frames, row.fps, checksum.hexdigest()))
            first += int(row.n_frames)
    CLIP_INDEX.write(pd.DataFrame(index, columns=list(CLIP_INDEX.columns)), index_path)


def _frames_of(row, avi_dir: Path, size: int) -> Iterator[np.ndarray]:
    """The frames of a row's video; raises unless the file is the one that was masked and whole."""
    path = avi_dir / f"{row.video_id}.avi"
    if not path.is_file():
        raise ValueError(f"{path.name}: the masked video is not there")
    if file_digest(path) != row.sha256:
        raise ValueError(f"{path.name}: the file has changed since it was masked (SHA-256 differs)")
    count = 0
    for frame in iter_avi(path):
        if frame.shape != (size, size):
            raise ValueError(f"{path.name}: frames are {frame.shape}; the store holds ({size}, {size})")
        count += 1
        yield frame
    if count != row.n_frames:
        raise ValueError(f"{path.name}: {count} frames decode, its row says {row.n_frames}")


class ClipStore:
    """Random access to the clips of all shards; made by :meth:`open`.

    It is small to pickle (each process maps the files itself) and never writes.
    """

    def __init__(
        self, index: pd.DataFrame, frames_paths: Sequence[Path], places: dict, size: tuple[int, int]
    ):
        self.index = index  # CLIP_INDEX over all shards, in the order they were given
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
        tables = [CLIP_INDEX.read(path) for path in index_paths]
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
