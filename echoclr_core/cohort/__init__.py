"""Labels, exclusions and their flow, the split, label subsets, Table 1."""

from echoclr_core.cohort.build import Cohort, build_cohort
from echoclr_core.cohort.columns import SEX_SPELLINGS, LabelColumns
from echoclr_core.cohort.digests import digest_of_videos, split_record
from echoclr_core.cohort.flow import FLOW, REASONS, STAGES, check_flow
from echoclr_core.cohort.labels import LABELS, apply_pseudonyms, cap_ages, check_labels, read_labels
from echoclr_core.cohort.lvh import lv_mass_index, lvh_label
from echoclr_core.cohort.settings import COHORT_STUDIES, COHORT_VIDEOS, TASKS, CohortSettings
from echoclr_core.cohort.severe_as import (
    EXCLUDED_GRADES,
    SEVERE_GRADES,
    grade_counts,
    is_grade,
    severe_as_label,
)
from echoclr_core.cohort.split import SETS, set_sizes, split_studies
from echoclr_core.cohort.subsets import SUBSETS, draw_subsets, label_subset, subset_size
from echoclr_core.cohort.table1 import table1
from echoclr_core.cohort.unmatched import UNMATCHED
from echoclr_core.cohort.video_table import (
    LAYOUTS,
    VideoColumns,
    VideoLayout,
    VideoTable,
    check_video_table,
    read_video_table,
)

__all__ = [
    "COHORT_STUDIES",
    "COHORT_VIDEOS",
    "EXCLUDED_GRADES",
    "FLOW",
    "LABELS",
    "LAYOUTS",
    "REASONS",
    "SETS",
    "SEVERE_GRADES",
    "SEX_SPELLINGS",
    "STAGES",
    "SUBSETS",
    "TASKS",
    "UNMATCHED",
    "Cohort",
    "CohortSettings",
    "LabelColumns",
    "VideoColumns",
    "VideoLayout",
    "VideoTable",
    "apply_pseudonyms",
    "build_cohort",
    "cap_ages",
    "check_flow",
    "check_labels",
    "check_video_table",
    "digest_of_videos",
    "draw_subsets",
    "grade_counts",
    "is_grade",
    "label_subset",
    "lv_mass_index",
    "lvh_label",
    "read_labels",
    "read_video_table",
    "set_sizes",
    "severe_as_label",
    "split_record",
    "split_studies",
    "subset_size",
    "table1",
]
