"""One deidentified video as a DICOM file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.digest import check_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.dicom_output.header import LOSSLESS, NewUids, deidentified_header
from echoclr_core.deidentify.dicom_output.regions import geometry_of_regions


def write_deidentified_dicom(
    video: str | Path,
    target: str | Path,
    row: Mapping[str, Any],
    uids: NewUids,
    *,
    regions: Sequence[Dataset] = (),
    lossy_codec: bool = False,
) -> None:
    """Write a video as an Ultrasound Multi-frame Image, Explicit VR Little Endian, 8 bit grey, uncompressed.

    Pixels are those of the written video, so that everything outside its mask is 0. Of the source's header
    nothing is copied: attributes follow from pseudonyms, new UIDs and the row.

    Parameters
    ----------
    video
        A deidentified AVI file; its mask lies beside it.
    target
        The DICOM file; whole or not there.
    row
        Its row of SOURCE_FILES; see :func:`~echoclr_core.deidentify.dicom_output.header.deidentified_header`.
    uids
        New UIDs.
    regions
        Items of the source's SequenceOfUltrasoundRegions; their geometry is kept.
    lossy_codec
        Whether the video was written with loss.

    Raises
    ------
    ValueError
        The video is another than the row says, or a pixel outside the mask is lit; nothing is written.
    """
    check_digest(video, row["sha256"])
    frames, _ = read_avi(video)
    mask = read_mask(video)
    if frames.shape != (row["n_frames"], row["height"], row["width"]) or mask.shape != frames.shape[1:]:
        raise ValueError(f"{Path(video).name}: frames of {frames.shape}; row and mask say another size")
    if np.any(frames[:, ~mask]):
        raise ValueError(f"{Path(video).name}: pixels outside the mask are lit")
    lossy = lossy_codec or row["transfer_syntax"] not in LOSSLESS
    data = deidentified_header(row, uids, regions=geometry_of_regions(regions, mask), lossy=lossy)
    pixels = frames.tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    data["PixelData"].VR = "OB"
    with atomic_path(target) as temporary:
        data.save_as(temporary, enforce_file_format=True)
