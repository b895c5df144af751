"""The user's tables, checked when the run is planned."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

from echoclr_core.design.sources import is_synthetic, videos_provided
from echoclr_core.design.tasks import study_tasks, with_task_columns
from echoclr_core.views.keep import kept_views

# Keys that the reading of a table depends on: while one of them is wrong, the table is not checked.
READ_WITH = {
    "input.labels": (
        *("input.labels", "input.columns", "input.extra_columns", "input.released_columns", "input.max_age"),
        *("tasks", "finetune.tasks", "cohort.several_patients", "evaluate.age_column"),
    ),
    "views.labels": ("views", "input.released_columns"),
    "deidentify.decisions": ("deidentify.decisions",),
    "input.avi.table": ("input", "tasks", "finetune.tasks", "evaluate.age_column"),
}


def check_tables(config: dict) -> None:
    """Check the input tables that are there already; a WorkflowError after all problems of all tables."""
    told = tell_table_problems(config)
    if told:
        raise WorkflowError("\n".join(told))


def tell_table_problems(config: dict, wrong_keys: Sequence[str] = ()) -> list[str]:
    """Print every problem of the input tables that are there already; return a line for each bad table.

    The list goes to the terminal only: it quotes values of the tables, and Snakemake keeps what an exception
    says in its log.

    Parameters
    ----------
    config
        Valid key by key, with defaults filled in.
    wrong_keys
        Keys with problems; a table that is read with one of them is passed over.
    """
    told = []
    for key, problems_of in _tables(config).items():
        if any(_overlap(wrong, part) for wrong in wrong_keys for part in READ_WITH[key]):
            continue
        found = problems_of(config)
        notes = [f"warning: {line}" for line in getattr(found, "warnings", ())]
        if notes or found:
            print("\n".join([*notes, *found]), file=sys.stderr)
        if found:
            told.append(f"{len(found)} problem(s) in the table of {key}, listed above.")
    return told


def _overlap(key: str, other: str) -> bool:
    """Whether one of two keys is the other or a part of it."""
    return f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.")


def _tables(config: dict) -> dict[str, Callable[[dict], list[str]]]:
    """The tables that are there, by their keys, with what lists their problems."""
    views, synthetic = config["views"], is_synthetic(config)
    paths = {
        "views.labels": views["labels"] if views["classifier"] == "compact" and not synthetic else "",
        "deidentify.decisions": config["deidentify"]["decisions"],
        "input.avi.table": config["input"]["avi"]["table"] if videos_provided(config) else "",
        "input.labels": "" if synthetic or videos_provided(config) else config["input"]["labels"],
    }
    checks = {
        "views.labels": _view_label_problems,
        "deidentify.decisions": _decision_problems,
        "input.avi.table": _video_table_problems,
        "input.labels": _label_problems,
    }
    return {key: check for key, check in checks.items() if paths[key] and Path(paths[key]).exists()}


def _label_problems(config: dict) -> list[str]:
    from echoclr_core.cohort.table_checks import check_labels
    from workflow_scripts.lib.label_columns import label_columns

    config = with_task_columns(config)
    columns = label_columns(column_settings(config))
    return check_labels(config["input"]["labels"], columns, tasks=study_tasks(config))


def _view_label_problems(config: dict) -> list[str]:
    from echoclr_core.views.labels import NOTE, view_label_problems

    views, released = config["views"], "view" in config["input"]["released_columns"]
    found = view_label_problems(views["labels"], list(kept_views(views["keep"])), released=released)
    notes = [line for line in found if line.startswith(NOTE)]
    print("\n".join(notes), end="\n" * bool(notes), file=sys.stderr)
    return [line for line in found if line not in notes]


def _decision_problems(config: dict) -> list[str]:
    from echoclr_core.deidentify.review.decisions import DecisionError, read_decisions

    try:
        read_decisions(config["deidentify"]["decisions"])
    except DecisionError as error:
        return str(error).splitlines()
    return []


def _video_table_problems(config: dict) -> list[str]:
    from echoclr_core.cohort.table_checks import check_video_table
    from workflow_scripts.lib.video_table import video_layout

    config = with_task_columns(config)
    layout = video_layout(column_settings(config))
    return check_video_table(config["input"]["avi"]["table"], layout, tasks=study_tasks(config))


def column_settings(config: dict) -> SimpleNamespace:
    """What the rules that read labels have of the configuration."""
    return SimpleNamespace(
        **config["input"],
        age_column=config["evaluate"]["age_column"],
        several_patients=config["cohort"]["several_patients"],
    )
