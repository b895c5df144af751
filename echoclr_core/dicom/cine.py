"""A cine loop: frames one at a time, its rate, size and regions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from echoclr_core.dicom.colour import luma
from echoclr_core.dicom.header import Description
from echoclr_core.dicom.regions import Region


class FrameSource(Protocol):
    """Where frames come from: an array, or a file that is opened anew for every pass."""

    def read(self, indices: Sequence[int], *, colour: bool) -> Iterator[np.ndarray]:
        """Yield the frames of ascending ``indices``: (H, W) uint8 luma, or (H, W, 3) uint8 RGB."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Cine:
    """A cine loop whose frames are decoded one at a time, on demand and as often as asked.

    Parameters
    ----------
    header
        A :class:`~echoclr_core.dicom.header.Description`; a ``Header``, with identifiers inside, where a
        study's key was asked for.
    frame_count
        Frames that the loop should have. Fewer found while reading raises UnusableFile "truncated".
    height, width
        Pixels.
    fps
        Frames per second; None where no tag gives a believable rate and no default was stated.
    fps_source
        The keyword that gave the rate, "default", or "missing".
    regions
        In-bounds ultrasound regions; () says nothing was tagged, or nothing that fits the frame.
    source
        The frames.
    """

    header: Description
    frame_count: int
    height: int
    width: int
    fps: float | None
    fps_source: str
    regions: tuple[Region, ...]
    source: FrameSource

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every frame as (H, W) uint8 full-range luma, from the first, one in memory at a time.

        16-bit samples are scaled by BitsStored, never by content. No window, no rescale slope.

        Raises
        ------
        UnusableFile
            "truncated" at the first missing or cut frame, "corrupt" at one that cannot be decoded.
        """
        return self.source.read(range(self.frame_count), colour=False)

    def colour_frames(self) -> Iterator[np.ndarray]:
        """Yield every frame as (H, W, 3) uint8 RGB; grey loops give equal channels. Else as `frames`."""
        return self.source.read(range(self.frame_count), colour=True)

    def sample(self, n: int, *, colour: bool = False) -> np.ndarray:
        """At most ``n`` frames, evenly spaced from the first to the last, in one pass.

        Returns
        -------
        ndarray
            (n', H, W) uint8 luma, or (n', H, W, 3) RGB; n' = min(n, frame_count). Only the chosen frames
            are decoded where the syntax allows it. Raises as `frames` does.
        """
        numbers = self.sampled(n)
        shape = (len(numbers), self.height, self.width)
        taken = np.empty((*shape, 3) if colour else shape, np.uint8)
        for place, frame in enumerate(self.source.read(numbers, colour=colour)):
            taken[place] = frame
        return taken

    def sampled(self, n: int) -> list[int]:
        """The ascending numbers, from 0, of the frames that :meth:`sample` takes."""
        if n < 1:
            raise ValueError(f"sample: n is {n}; at least 1 is allowed")
        n = min(n, self.frame_count)
        return np.linspace(0, self.frame_count - 1, n).round().astype(int).tolist()

    @classmethod
    def from_array(
        cls,
        frames: np.ndarray,
        fps: float | None = 30.0,
        regions: Sequence[Region] = (),
        header: Description | None = None,
    ) -> "Cine":
        """A cine over an array: (T, H, W) uint8 luma or (T, H, W, 3) uint8 RGB."""
        frames = np.asarray(frames)
        if (
            frames.dtype != np.uint8
            or frames.ndim not in (3, 4)
            or (frames.ndim == 4 and frames.shape[3] != 3)
        ):
            raise ValueError(
                f"frames: {frames.dtype} {frames.shape}; allowed are uint8 (T, H, W) and (T, H, W, 3)"
            )
        return cls(
            header=header or Description(),
            frame_count=frames.shape[0],
            height=frames.shape[1],
            width=frames.shape[2],
            fps=fps,
            fps_source="missing" if fps is None else "default",
            regions=tuple(regions),
            source=ArrayFrames(frames),
        )


class ArrayFrames:
    """Frames that are in memory already."""

    def __init__(self, frames: np.ndarray):
        self._frames = frames

    def read(self, indices: Sequence[int], *, colour: bool) -> Iterator[np.ndarray]:
        for index in indices:
            frame = self._frames[index]
            if frame.ndim == 2:
                yield np.repeat(frame[..., None], 3, axis=2) if colour else frame.copy()
            else:
                yield frame.copy() if colour else luma(frame)
