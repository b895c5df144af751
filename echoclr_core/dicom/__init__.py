"""Read cine loops from DICOM files of any kind, one frame at a time, and catalogue an archive."""

from echoclr_core.dicom.reading import read_cine

__all__ = ["read_cine"]
