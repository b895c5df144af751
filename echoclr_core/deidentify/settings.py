"""What can be chosen when files are deidentified."""

from dataclasses import dataclass

from echoclr_core.common.avi_writing import CODECS
from echoclr_core.deidentify.sector.boundary import METHODS

TEXT_INSIDE = ("quarantine", "mask")
TIMED_BYTES = 64 * 2**20
"""Up to this size of a file `timeout_seconds` holds as it is; above, it grows with the size. 300 frames of
1024 x 768 in lossless JPEG 2000, 420 MB, take two minutes of a slow core."""


@dataclass(frozen=True, kw_only=True)
class DeidentifySettings:
    """Options of :func:`deidentify_video` and :func:`deidentify_shard`.

    Parameters
    ----------
    boundary
        "sector" or "rectangle"; see :func:`boundary_mask`.
    margin
        Pixels taken off every edge of the sector.
    text_inside
        What is done where text is read inside the sector: "quarantine" gives the file up as "burned_in_text",
        since what was read need not be all that is there; "mask" cuts the lines out and gives up only files
        in which something can still be read. With the rectangle nothing is read, as in the published steps.
    codec
        "magicyuv" or "ffv1" (lossless), or "mjpeg". All keep the promise that everything outside the mask
        reads back as 0: for "mjpeg" the mask is first cut down to whole blocks of 8 x 8 pixels, since a block
        on the edge would ring outwards.
    quality
        JPEG quality, 1 to 100; for "mjpeg" alone.
    min_frames
        A file with fewer frames is "single_frame" or "too_short".
    default_fps
        Frames per second of files whose header gives no believable rate; None makes them "no_frame_rate".
    min_fps
        Slower videos are "fps_below_limit"; None for no limit.
    max_frames
        Longer videos are cut to their first so many frames; None for no limit.
    max_colour_share
        Videos with a larger share of strongly coloured pixels are "colour_doppler"; None for no limit.
    timeout_seconds
        Wall-clock time after which a file is given up as "timeout"; see :meth:`time_limit`.
    memory_megabytes
        Address space that one decoding process may take on top of what it starts with; a file that needs
        more is "crashed". None for no limit.
    """

    boundary: str = "sector"
    margin: float = 0.5
    text_inside: str = "quarantine"
    codec: str = "magicyuv"
    quality: int = 95
    min_frames: int = 2
    default_fps: float | None = 30.0
    min_fps: float | None = None
    max_frames: int | None = None
    max_colour_share: float | None = None
    timeout_seconds: float = 60.0
    memory_megabytes: int | None = 4096

    def time_limit(self, size: int) -> float:
        """Seconds that a file of ``size`` bytes may take: more, in proportion, above TIMED_BYTES."""
        return self.timeout_seconds * max(1.0, size / TIMED_BYTES)

    def __post_init__(self):
        _allow("boundary", self.boundary, self.boundary in METHODS, f"one of {list(METHODS)}")
        _allow(
            "text_inside", self.text_inside, self.text_inside in TEXT_INSIDE, f"one of {list(TEXT_INSIDE)}"
        )
        _allow("codec", self.codec, self.codec in CODECS, f"one of {list(CODECS)}")
        _allow("quality", self.quality, 1 <= self.quality <= 100, "1 to 100")
        _allow("min_frames", self.min_frames, self.min_frames >= 2, "2 or more")
        for name in ("default_fps", "min_fps", "memory_megabytes"):
            value = getattr(self, name)
            _allow(name, value, value is None or value > 0, "a positive number, or None")
        _allow(
            "max_frames",
            self.max_frames,
            self.max_frames is None or self.max_frames >= 2,
            "2 or more, or None",
        )
        share = self.max_colour_share
        _allow("max_colour_share", share, share is None or 0 <= share <= 1, "0 to 1, or None")
        _allow("timeout_seconds", self.timeout_seconds, self.timeout_seconds > 0, "a positive number")


def _allow(name: str, value: object, right: bool, allowed: str) -> None:
    if not right:
        raise ValueError(f"deidentify.{name} is {value!r}; allowed is {allowed}")
