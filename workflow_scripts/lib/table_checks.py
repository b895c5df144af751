"""The user's tables, checked when the run is planned."""

import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

from echoclr_core.design.sources import is_synthetic, videos_provided
from echoclr_core.design.tasks import study_tasks
from echoclr_core.views.keep import kept_views


def check_tables(config: dict) -> None:
    """Check the input tables that are there already, all problems at once.

    The list goes to the terminal only: it quotes values of the tables, and Snakemake keeps what an exception
    says in its log.
    """
    from echoclr_core.cohort.table_checks import check_labels
    from workflow_scripts.lib.label_columns import label_columns

    _check_view_labels(config)
    _check_decisions(config)
    if videos_provided(config):
        _check_video_table(config)
        return
    path = config["input"]["labels"]
    if is_synthetic(config) or not path or not Path(path).exists():
        return
    columns = label_columns(column_settings(config))
    _raise_table_errors(check_labels(path, columns, tasks=study_tasks(config)), "input.labels")


def _check_view_labels(config: dict) -> None:
    from echoclr_core.views.labels import NOTE, view_label_problems

    views, synthetic = config["views"], is_synthetic(config)
    if views["classifier"] == "compact" and not synthetic and Path(views["labels"] or "-").exists():
        released = "view" in config["input"]["released_columns"]
        found = view_label_problems(views["labels"], list(kept_views(views["keep"])), released=released)
        notes = [line for line in found if line.startswith(NOTE)]
        print("\n".join(notes), end="\n" * bool(notes), file=sys.stderr)
        _raise_table_errors([line for line in found if line not in notes], "views.labels")


def _check_decisions(config: dict) -> None:
    path = config["deidentify"]["decisions"]
    if path and Path(path).is_file():
        from echoclr_core.deidentify.review.decisions import DecisionError, read_decisions

        try:
            read_decisions(path)
        except DecisionError as error:
            _raise_table_errors(str(error).splitlines(), "deidentify.decisions")


def _check_video_table(config: dict) -> None:
    from echoclr_core.cohort.table_checks import check_video_table
    from workflow_scripts.lib.video_table import video_layout

    path = config["input"]["avi"]["table"]
    if path and Path(path).exists():
        layout = video_layout(column_settings(config))
        _raise_table_errors(check_video_table(path, layout, tasks=study_tasks(config)), "input.avi.table")


def _raise_table_errors(found: list[str], key: str) -> None:
    """Raise a WorkflowError where there are problems; print them, and what is only a warning."""
    for line in getattr(found, "warnings", ()):
        print(f"warning: {line}", file=sys.stderr)
    if found:
        print("\n".join(found), file=sys.stderr)
        raise WorkflowError(f"{len(found)} problem(s) in the table of {key}, listed above.")


def column_settings(config: dict) -> SimpleNamespace:
    """What the rules that read labels have of the configuration."""
    return SimpleNamespace(
        **config["input"],
        age_column=config["evaluate"]["age_column"],
        several_patients=config["cohort"]["several_patients"],
    )
