"""Figures, tables, and the report. No pyplot: every figure is a value that the caller saves.

Submodules are loaded when one of their names is first used, so that a table does not wait for matplotlib.
"""

from echoclr_core.common.lazy import lazy_names

_PLACES = {
    "DataTable": "report",
    "KeyNumbers": "report",
    "Movie": "report",
    "Picture": "report",
    "Section": "report",
    "Text": "report",
    "before_after": "montage",
    "build_report": "report",
    "calibration_figure": "views",
    "cascade_figure": "saliency_checks",
    "confusion_figure": "views",
    "decisions_by_view": "views",
    "contact_sheet": "montage",
    "figure_caption": "captions",
    "figure_of_paper": "label_efficiency",
    "finetuning_curves": "training_curves",
    "flow_figure": "flow",
    "label_efficiency_figure": "label_efficiency",
    "movie_frames": "movie",
    "performance_caption": "performance",
    "performance_table": "performance",
    "pretraining_curves": "training_curves",
    "published_metrics": "published",
    "reliability_figure": "reliability",
    "saliency_figure": "saliency",
    "save_figure": "style",
    "subgroup_figure": "subgroups",
    "write_movie": "movie",
    "write_table": "tables",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
