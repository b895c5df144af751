"""Whether a multi-frame file is an ultrasound loop, or another kind of image of the same archive."""

from pydicom.dataset import Dataset

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.values import strings

STORAGE = "1.2.840.10008.5.1.4.1.1."
"""Begin of the SOP Class UIDs of the standard's images; private classes begin otherwise and say nothing."""

ULTRASOUND_CLASSES = {"3", "3.1", "6", "6.1"}  # multi-frame and single, retired and current
CAPTURE_CLASSES = {"7", "7.1", "7.2", "7.3", "7.4"}  # secondary capture: of any device
OTHER_MODALITIES = {
    *("BI", "CR", "CT", "DG", "DX", "ES", "GM", "IO", "IVOCT", "LS", "M3D", "MG", "MR", "NM", "OCT", "OP"),
    *("OPT", "PR", "PT", "PX", "REG", "RF", "RG", "RTDOSE", "RTIMAGE", "SEG", "SM", "SR", "TG", "XA", "XC"),
}
"""Defined terms of Modality (PS3.3 C.7.3.1.1.1) for other images; OT, SC and what is unknown say nothing."""


def refuse_other_images(dataset: Dataset) -> None:
    """Raise UnusableFile "not_ultrasound_cine" for X-ray, MR, segmentations and volumes.

    The SOP class or the modality names another kind of image, or the frames are the slices of a volume
    (DimensionOrganizationType). Where neither says anything, a loop is taken for ultrasound.
    """
    sop_class = "".join(strings(dataset, "SOPClassUID")[:1])
    kind = sop_class.removeprefix(STORAGE)
    if sop_class.startswith(STORAGE) and kind not in ULTRASOUND_CLASSES | CAPTURE_CLASSES:
        raise _other("another SOP class than ultrasound", "SOPClassUID", sop_class)
    modality = "".join(strings(dataset, "Modality")[:1]).upper()
    if modality in OTHER_MODALITIES:
        raise _other("another modality than ultrasound", "Modality", modality)
    organisation = "".join(strings(dataset, "DimensionOrganizationType")[:1]).upper()
    if organisation.startswith("3D"):
        raise _other("its frames are the slices of a volume", "DimensionOrganizationType", organisation)


def _other(why: str, tag: str, value: str) -> UnusableFile:
    return UnusableFile("not_ultrasound_cine", why, tag=tag, value=value)
