"""From deidentified video to training clips: AVI files, hull mask, clip store, sampling, augmentation."""

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.video.hull import sector_mask

__all__ = ["read_avi", "sector_mask"]
