"""Where a clip moves: the evidence that the ultrasound window is found by.

Brightness cannot tell a window from a banner, a colour bar or a row of soft keys. Change over time can:
speckle and tissue never stand still, and what the scanner draws does. What little of the drawing does
move, a counter or a trace, is lit only now and then, and is dropped for that.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

DARK = 8  # grey levels; a picture with nothing brighter is blank
QUIET = 2  # grey levels; smaller changes are rounding of the scanner's compression
LOUDEST_NOISE = 24  # grey levels; a window may fill the whole frame, so the noise estimate needs a ceiling
LIT = 40  # grey levels; drawing is brighter, and so are strokes that come and go
RARE = 0.2  # mean height of a pixel within its range, below which it is a stroke that comes and goes
LEAK, TIGHT = 0.08, 0.3  # shares of the local range below which change is ringing of a JPEG block
STRONG = 16  # grey levels
BLOCK = 17  # pixels; a JPEG block and its neighbours
GRAIN = 7  # pixels; gaps between speckles that are closed before their outline is taken


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a few frames say about where the window is; all maps (H, W) uint8, 255 for yes and 0 for no.

    Parameters
    ----------
    active
        The grey value changes over time.
    tight
        The same with gaps between speckles closed and faint change beside strong change left out: in JPEG
        files every block that the edge of the window crosses carries ringing outwards.
    strong
        The grey value changes by much more than noise: where that ends at once there is an edge, and where
        activity merely fades into the dark there is none.
    drawn
        Lit and never changing: text, bars, or still tissue.
    blank
        True if no pixel of any frame is lit.
    """

    active: NDArray[np.uint8]
    tight: NDArray[np.uint8]
    strong: NDArray[np.uint8]
    drawn: NDArray[np.uint8]
    blank: bool

    def within(self, allowed: NDArray[np.bool_]) -> "Evidence":
        """The same evidence with all activity outside ``allowed`` (H, W) forgotten."""
        keep = np.where(allowed, np.uint8(255), np.uint8(0))
        return replace(self, active=self.active & keep, tight=self.tight & keep, strong=self.strong & keep)


def temporal_evidence(frames: NDArray[np.uint8]) -> Evidence:
    """Reduce frames (T, H, W) uint8, evenly spaced over the clip, to :class:`Evidence`."""
    low, high = frames[0].copy(), frames[0].copy()
    total = frames[0].astype(np.uint16)
    for frame in frames[1:]:
        np.minimum(low, frame, out=low)
        np.maximum(high, frame, out=high)
        cv2.add(total, frame, total, dtype=cv2.CV_16U)
    change = cv2.subtract(high, low)
    drawn = (low >= LIT) & (change <= QUIET)
    change[(total < len(frames) * (low + RARE * change)) & (change >= LIT)] = 0
    noise = float(_noise(change))
    strongest = cv2.dilate(change, np.ones((BLOCK, BLOCK), np.uint8))
    closed = cv2.morphologyEx(change, cv2.MORPH_CLOSE, np.ones((GRAIN, GRAIN), np.uint8))
    return Evidence(
        active=_at_least(change, strongest, LEAK, noise),
        tight=_at_least(closed, strongest, TIGHT, noise),
        strong=cv2.compare(closed, max(STRONG, noise), cv2.CMP_GE),
        drawn=np.where(drawn, np.uint8(255), np.uint8(0)),
        blank=int(high.max()) <= DARK,
    )


def _at_least(change, strongest, share, noise) -> NDArray[np.uint8]:
    local = cv2.convertScaleAbs(strongest, alpha=share)
    return cv2.compare(change, cv2.max(local, noise), cv2.CMP_GE)


def _noise(change: NDArray[np.uint8]) -> int:
    """Smallest range that counts as change, from the picture's rim, which is seldom part of the window."""
    rim = max(2, round(0.02 * min(change.shape)))
    sides = (change[:rim], change[-rim:], change[:, :rim], change[:, -rim:])
    loud = np.percentile(np.concatenate([side.ravel() for side in sides]), 75)
    return int(np.clip(1.5 * loud + 1, QUIET, LOUDEST_NOISE))
