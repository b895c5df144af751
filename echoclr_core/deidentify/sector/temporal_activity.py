"""Maps of what changes over time in a loop; the sector is fitted to them.

Brightness does not separate a sector from a banner, a colour bar or a row of soft keys. Change over time
does: speckle and tissue always change, graphics of the scanner do not. Graphics that do change, a counter or
a trace, are bright in few frames only and are left out for that reason.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_BLANK_LEVEL = 8  # grey levels; a picture with nothing brighter is blank
MIN_CHANGE = 2  # grey levels; smaller changes are rounding of the scanner's compression
MAX_NOISE = 24  # grey levels; a sector may fill the whole frame, so the noise estimate needs a ceiling
MIN_BRIGHT_LEVEL = 40  # grey levels; graphics are brighter, and so are transient strokes
MAX_TRANSIENT_HEIGHT = 0.2  # mean of a pixel within its range; below, it is a transient stroke
RINGING_SHARE, TIGHT_RINGING_SHARE = 0.08, 0.3  # of the local range; less change is ringing of a JPEG block
MIN_STRONG_CHANGE = 16  # grey levels
BLOCK_PIXELS = 17  # pixels; a JPEG block and its neighbours
SPECKLE_GAP_PIXELS = 7  # pixels; gaps between speckles that are closed before their outline is taken


@dataclass(frozen=True, kw_only=True)
class ActivityMaps:
    """What changes over time in a sample of frames; all maps (H, W) uint8, 255 for yes and 0 for no.

    Parameters
    ----------
    active
        The grey value changes over time.
    tight
        The same with gaps between speckles closed and faint change beside strong change left out: in JPEG
        files every block that the edge of the sector crosses carries ringing outwards.
    strong
        The grey value changes by much more than noise: where that ends abruptly there is an edge, and where
        activity fades into the dark there is none.
    static_bright
        Bright and never changing: text, bars, or still tissue.
    blank
        True if no pixel of any frame is lit.
    """

    active: NDArray[np.uint8]
    tight: NDArray[np.uint8]
    strong: NDArray[np.uint8]
    static_bright: NDArray[np.uint8]
    blank: bool

    def within(self, allowed: NDArray[np.bool_]) -> "ActivityMaps":
        """The same maps without the activity outside ``allowed`` (H, W)."""
        keep = np.where(allowed, np.uint8(255), np.uint8(0))
        return replace(self, active=self.active & keep, tight=self.tight & keep, strong=self.strong & keep)


def temporal_activity(frames: NDArray[np.uint8]) -> ActivityMaps:
    """Reduce frames (T, H, W) uint8, evenly spaced over the clip, to :class:`ActivityMaps`."""
    low, high = frames[0].copy(), frames[0].copy()
    total = frames[0].astype(np.uint16)
    for frame in frames[1:]:
        np.minimum(low, frame, out=low)
        np.maximum(high, frame, out=high)
        cv2.add(total, frame, total, dtype=cv2.CV_16U)
    change = cv2.subtract(high, low)
    static_bright = (low >= MIN_BRIGHT_LEVEL) & (change <= MIN_CHANGE)
    change[(total < len(frames) * (low + MAX_TRANSIENT_HEIGHT * change)) & (change >= MIN_BRIGHT_LEVEL)] = 0
    noise = float(_noise(change))
    strongest = cv2.dilate(change, np.ones((BLOCK_PIXELS, BLOCK_PIXELS), np.uint8))
    closed = cv2.morphologyEx(
        change, cv2.MORPH_CLOSE, np.ones((SPECKLE_GAP_PIXELS, SPECKLE_GAP_PIXELS), np.uint8)
    )
    return ActivityMaps(
        active=_at_least(change, strongest, RINGING_SHARE, noise),
        tight=_at_least(closed, strongest, TIGHT_RINGING_SHARE, noise),
        strong=cv2.compare(closed, max(MIN_STRONG_CHANGE, noise), cv2.CMP_GE),
        static_bright=np.where(static_bright, np.uint8(255), np.uint8(0)),
        blank=int(high.max()) <= MAX_BLANK_LEVEL,
    )


def _at_least(change, strongest, share, noise) -> NDArray[np.uint8]:
    local = cv2.convertScaleAbs(strongest, alpha=share)
    return cv2.compare(change, cv2.max(local, noise), cv2.CMP_GE)


def _noise(change: NDArray[np.uint8]) -> int:
    """Smallest range that counts as change, from the picture's rim, which is seldom part of the window."""
    rim = max(2, round(0.02 * min(change.shape)))
    sides = (change[:rim], change[-rim:], change[:, :rim], change[:, -rim:])
    loud = np.percentile(np.concatenate([side.ravel() for side in sides]), 75)
    return int(np.clip(1.5 * loud + 1, MIN_CHANGE, MAX_NOISE))
