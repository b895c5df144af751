"""The phantom cohort: moving hearts in speckle, written as the DICOM archive of a hospital."""

from echoclr_core.synthetic.archive import write_archive
from echoclr_core.synthetic.settings import SyntheticSettings
from echoclr_core.synthetic.strays import ODD_FILES
from echoclr_core.synthetic.truth import TRUTH, TRUTH_FRAMES

__all__ = ["ODD_FILES", "TRUTH", "TRUTH_FRAMES", "SyntheticSettings", "write_archive"]
