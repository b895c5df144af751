"""Where on the picture a map lies: in the sector, and on the valve where its position is known.

Coordinates are pixels, x to the right, y down, 0 at the centre of the first pixel.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echoclr_core.common.tables import Column, Table
from echoclr_core.video.hull import sector_mask
from echoclr_core.video.scaling import Field

VALVE_RADIUS_CM = 1.5
"""Half the disc that counts as the valve: an annulus of about 2.2 cm, and its way to the apex in systole."""

LANDMARKS = Table(
    "landmarks",
    {
        "video_id": Column(kind="str", description="pseudonym of the video"),
        "valve_x": Column(
            kind="float", description="aortic valve, mean over the frames, on the masked frame, px"
        ),
        "valve_y": Column(
            kind="float", description="aortic valve, mean over the frames, on the masked frame, px"
        ),
        "px_per_cm_x": Column(kind="float", description="scale of the masked frame across, px/cm", low=0),
        "px_per_cm_y": Column(kind="float", description="scale of the masked frame down, px/cm", low=0),
    },
    key=("video_id",),
)
"""Schema of landmarks.parquet: the valve of each masked video, where the cohort is synthetic."""


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """How :func:`echoclr_core.video.fit_frames` moved the pixels of a frame.

    Parameters
    ----------
    height, width
        Of the frame before, px.
    size
        Height and width afterwards, px.
    keep_aspect
        Whether the frame was padded to a square first.
    """

    height: int
    width: int
    size: int
    keep_aspect: bool = False

    @property
    def scale(self) -> tuple[float, float]:
        """(x, y) pixels afterwards to a pixel before."""
        side = max(self.height, self.width)
        width, height = (side, side) if self.keep_aspect else (self.width, self.height)
        return self.size / width, self.size / height

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point (x, y) of the frame came to lie."""
        side = max(self.height, self.width)
        left, top = ((side - self.width) // 2, (side - self.height) // 2) if self.keep_aspect else (0, 0)
        across, down = self.scale
        # Area interpolation keeps the picture's edges, which lie half a pixel outside the first centre.
        return (x + left + 0.5) * across - 0.5, (y + top + 0.5) * down - 0.5


def map_valve_landmarks(
    truth: pd.DataFrame, masked: pd.DataFrame, *, size: int, keep_aspect: bool
) -> pd.DataFrame:
    """Positions of the valve on the masked frames.

    Parameters
    ----------
    truth
        video_id, valve_x, valve_y, px_per_cm on the full-size frames; rows without a valve are left out.
    masked
        MASKED_VIDEOS: the full-size frames that were masked, and the field that was cut out of them.
    size, keep_aspect
        As they were resized.

    Returns
    -------
    DataFrame
        LANDMARKS, by video_id.
    """
    known = truth.dropna(subset=["valve_x", "valve_y"])
    names = ["height", "width", "field_left", "field_top", "field_step_x", "field_step_y"]
    written = masked.loc[masked["outcome"] == "ok", ["video_id", *names]]
    joined = written.merge(known, on="video_id", validate="one_to_one").sort_values("video_id")
    rows = []
    for row in joined.itertuples(index=False):
        placed = _placement(row, size, keep_aspect)
        across, down = placed.scale
        rows.append(
            (
                row.video_id,
                *placed.point(row.valve_x, row.valve_y),
                row.px_per_cm * across,
                row.px_per_cm * down,
            )
        )
    return LANDMARKS.check(pd.DataFrame(rows, columns=list(LANDMARKS.columns)))


def _placement(row, size: int, keep_aspect: bool) -> Fitting | Field:
    """How the frames of a masked video were brought to their size."""
    if pd.isna(row.field_left):
        return Fitting(height=int(row.height), width=int(row.width), size=size, keep_aspect=keep_aspect)
    return Field(
        left=row.field_left, top=row.field_top, step_x=row.field_step_x, step_y=row.field_step_y, size=size
    )


def sector_of(clip: np.ndarray) -> np.ndarray:
    """The sector (H, W) bool of a masked clip (T, H, W) uint8: the hull of what is not black.

    All of the picture for a clip that is black everywhere.
    """
    sector = sector_mask(clip)
    return sector if sector.any() else np.ones(clip.shape[1:], dtype=bool)


def disc(shape: tuple[int, int], centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """(H, W) bool: the pixels whose centre lies in the ellipse about ``centre`` (x, y), ``radii`` (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 <= 1


def share_inside(saliency: np.ndarray, region: np.ndarray) -> float:
    """Share of a map's sum that lies where ``region`` (bool, same shape) is True; NaN for an empty map."""
    total = float(saliency.sum(dtype=np.float64))
    return float(saliency[region].sum(dtype=np.float64)) / total if total > 0 else float("nan")


def peak_inside(saliency: np.ndarray, region: np.ndarray) -> float:
    """1.0 if the map is greatest inside ``region``, else 0.0; NaN for an empty map ("pointing game")."""
    top = saliency.max()
    return float(region[saliency == top].any()) if top > 0 else float("nan")
