"""X-ray, MR, segmentations and volumes that lie among the loops have an outcome of their own."""

import numpy as np
import pytest

from echoclr_core.dicom.description import describe_file
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

LOOP = np.zeros((5, 24, 32), np.uint8)
STORAGE = "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(
    "tags",
    [
        {"SOPClassUID": STORAGE + "12.1", "Modality": "XA"},  # X-ray angiographic image
        {"SOPClassUID": STORAGE + "12.1", "Modality": ""},
        {"SOPClassUID": STORAGE + "12.1.1"},  # enhanced XA
        {"SOPClassUID": STORAGE + "4.1", "Modality": "MR"},  # enhanced MR
        {"SOPClassUID": STORAGE + "66.4", "Modality": "SEG"},
        {"SOPClassUID": STORAGE + "6.2", "Modality": "US"},  # enhanced ultrasound volume
        {"SOPClassUID": STORAGE + "2.1", "Modality": "CT"},
        {"SOPClassUID": STORAGE + "7.4", "Modality": "XA"},  # secondary capture of an angiogram
        {"Modality": "MR"},
        {"Modality": "XA "},
        {"DimensionOrganizationType": "3D"},
        {"DimensionOrganizationType": "3D_TEMPORAL"},
    ],
)
def test_other_images_among_the_loops(make_dicom, tags):
    path = make_dicom(LOOP, **({"Modality": "US"} | tags))
    with pytest.raises(UnusableFile) as caught:
        read_cine(path)
    assert caught.value.outcome == "not_ultrasound_cine"
    assert describe_file(path)["outcome"] == "not_ultrasound_cine"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"Modality": ""},
        {"Modality": "OT", "SOPClassUID": STORAGE + "7.4"},  # multi-frame true colour capture
        {"Modality": "US", "SOPClassUID": STORAGE + "7"},
        {"SOPClassUID": STORAGE + "3"},  # the retired multi-frame class
        {"SOPClassUID": "1.3.46.670589.2.4.1.1"},  # a vendor's own
        {"Modality": "IVUS"},
        {"Modality": "ECHO"},
    ],
)
def test_loops_of_ultrasound_or_of_nothing_certain(make_dicom, tags):
    assert read_cine(make_dicom(LOOP, **({"Modality": "US"} | tags))).frame_count == 5
