"""The phantom cohort: moving hearts in speckle, written as the DICOM archive of a hospital."""
