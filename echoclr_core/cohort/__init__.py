"""Labels, exclusions and their flow, the split, label subsets, Table 1."""

from echoclr_core.cohort.lvh import lv_mass_index
from echoclr_core.cohort.split import split_studies
from echoclr_core.cohort.subsets import label_subset

__all__ = ["label_subset", "lv_mass_index", "split_studies"]
