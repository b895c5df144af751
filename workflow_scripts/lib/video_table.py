"""How the table of videos is read: a published layout, or the columns that the configuration names."""

from types import SimpleNamespace

from echoclr_core.cohort.video_table import LAYOUTS, VideoColumns, VideoLayout
from workflow_scripts.lib.label_columns import label_columns


def video_layout(chosen: SimpleNamespace) -> VideoLayout:
    """The layout from the slice ``avi`` of ``input``, and those that name its label columns."""
    if chosen.avi["layout"] != "table":
        return LAYOUTS[chosen.avi["layout"]]
    return VideoLayout(
        videos=VideoColumns(**{name: chosen.avi[name] for name in ("video", "split", "view")}),
        labels=label_columns(chosen),
    )
