"""The mask of a written video: a black and white PNG of its size, beside it."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.common.files import atomic_path


def mask_path(video: str | Path) -> Path:
    """Where the mask of a video lies: <video_id>.mask.png beside <video_id>.avi."""
    return Path(video).with_suffix(".mask.png")


def read_mask(video: str | Path) -> NDArray[np.bool_]:
    """The (H, W) bool mask that a video was written with. ValueError if there is none."""
    path = mask_path(video)
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.exists() else None
    if image is None:
        raise ValueError(f"{Path(video).name}: there is no readable mask {path.name}")
    return image > 0


def write_mask(mask: NDArray[np.bool_], video: str | Path) -> None:
    """Write the (H, W) bool mask of a video; the file is whole or not there."""
    with atomic_path(mask_path(video)) as temporary:
        done = cv2.imwrite(str(temporary), mask.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_BILEVEL, 1])
        assert done
