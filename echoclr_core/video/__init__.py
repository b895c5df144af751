"""From deidentified video to training clips: AVI files, hull mask, clip store, sampling, augmentation.

``video.augmentation`` needs torch and is imported by its own name.
"""

from echoclr_core.common.avi_reading import AviInfo, avi_info, iter_avi, read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.video.hull import fit_frames, sector_mask
from echoclr_core.video.mask import MASKED_VIDEOS, MaskSettings, mask_preview, mask_shard, mask_video
from echoclr_core.video.sampling import clip_start, even_starts, is_short
from echoclr_core.video.store import CLIP_INDEX, ClipStore, build_store

__all__ = [
    "CLIP_INDEX",
    "MASKED_VIDEOS",
    "AviInfo",
    "ClipStore",
    "MaskSettings",
    "avi_info",
    "build_store",
    "clip_start",
    "even_starts",
    "fit_frames",
    "is_short",
    "iter_avi",
    "mask_preview",
    "mask_shard",
    "mask_video",
    "read_avi",
    "sector_mask",
    "write_avi",
]
