"""Read cine loops from DICOM files of any kind, one frame at a time, and catalogue an archive.

The catalogue needs pandas, which a process that decodes files does without: it is imported when first used.
"""

from typing import TYPE_CHECKING

from echoclr_core.common.lazy import lazy_names
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.colour import luma
from echoclr_core.dicom.header import Header
from echoclr_core.dicom.outcomes import OUTCOME_MEANINGS, OUTCOMES, UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.regions import Region

if TYPE_CHECKING:
    from echoclr_core.dicom.catalogue import CATALOGUE, scan_archive

_LATER = {"CATALOGUE": "catalogue", "scan_archive": "catalogue"}

__all__ = [
    "CATALOGUE",
    "OUTCOMES",
    "OUTCOME_MEANINGS",
    "Cine",
    "Header",
    "Region",
    "UnusableFile",
    "luma",
    "read_cine",
    "scan_archive",
]

__getattr__ = lazy_names(__name__, _LATER)
