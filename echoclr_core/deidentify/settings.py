"""What can be chosen when files are deidentified."""

from echoclr_core.options.base import options
from echoclr_core.options.deidentify import DeidentifyVideoOptions

TIMED_BYTES = 64 * 2**20
"""Up to this size of a file `timeout_seconds` holds as it is; above, it grows with the size. 300 frames of
1024 x 768 in lossless JPEG 2000, 420 MB, take two minutes of a slow core."""


@options()
class DeidentifySettings(DeidentifyVideoOptions):
    """Options of :func:`deidentify_video` and :func:`deidentify_shard`.

    What they leave out has its outcome: "burned_in_text" (text_inside), "single_frame" and "too_short"
    (min_frames), "no_frame_rate" (default_fps), "fps_below_limit" (min_fps), "colour_doppler"
    (max_colour_share), "timeout" (timeout_seconds), "crashed" (memory_megabytes). All codecs keep the promise
    that everything outside the mask reads back as 0: for "mjpeg" the mask is first cut down to whole blocks
    of 8 x 8 pixels, since a block on the edge would ring outwards.
    """

    def time_limit(self, size: int) -> float:
        """Seconds that a file of ``size`` bytes may take: more, in proportion, above TIMED_BYTES."""
        return self.timeout_seconds * max(1.0, size / TIMED_BYTES)
