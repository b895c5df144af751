"""DICOM files, folders and tables of the archive."""
