"""Deidentified DICOM files, written from the deidentified videos."""
