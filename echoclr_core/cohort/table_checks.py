"""Every problem of a user's label table or table of videos, reported before any job."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_checks import Problems
from echoclr_core.cohort.labels import parse_label_file
from echoclr_core.cohort.video_table import VideoLayout, parse_video_file
from echoclr_core.common.missing_texts import missing_text_lines, missing_texts
from echoclr_core.tasks.checks import unnamed_texts, without_label, without_positive
from echoclr_core.tasks.task import Task


def check_labels(path: str | Path, columns: LabelColumns, *, tasks: Sequence[Task] = ()) -> Problems:
    """Every problem of the label table, one line each; an empty list for a good table. Never raises.

    Its ``warnings`` are lines on what does not stop a run.

    A line names file, row (as a spreadsheet numbers it), column, value and what is allowed. Values of the
    study, patient and date columns are left out, since these lines reach logs. Every text that
    one of ``tasks`` reads must be named, and at least one study be positive.
    """
    try:
        labels, problems = parse_label_file(path, columns)
    except ValueError as error:
        return Problems.of_file(error)
    check_tasks(check_missing_texts(labels, columns, tasks, problems), tasks, problems)
    return problems


def check_missing_texts(
    labels: pd.DataFrame, columns: LabelColumns, tasks: Sequence[Task], problems: Problems
) -> pd.DataFrame:
    """Add texts for missing values in keys and label texts, with counts; return the labels without them.

    A text that a task names (as ``excluded``, say) has a meaning and is none of them.
    """
    named: dict[str, set[str]] = {}
    for condition in (one for task in tasks for one in task.text_conditions()):
        texts = (*condition.positive, *condition.negative, *condition.excluded)
        named.setdefault(condition.column, set()).update(texts)
    shown = {
        "study_key": columns.study_key,
        "patient_key": columns.patient_key,
        "as_severity": columns.as_severity,
    }
    for name in dict.fromkeys((*shown, *named)):
        if name not in labels or not pd.api.types.is_string_dtype(labels[name]):
            continue
        cells = labels[name].astype("string")
        for line in missing_text_lines(shown.get(name) or name, cells, named.get(name, ())):
            problems.add(line)
        labels = labels.assign(**{name: cells.drop(missing_texts(cells, named.get(name, ())).index)})
    return labels


def check_tasks(labels: pd.DataFrame, tasks: Sequence[Task], problems: Problems) -> None:
    """Add what keeps a task from being labelled: texts that its rule does not name, cells under a threshold
    that are no numbers, no positive study.
    """
    before = len(problems)
    for line in unnamed_texts(labels, tasks):
        problems.add(line)
    check_thresholds(labels, tasks, problems)
    if len(problems) > before:  # then no label can be determined
        return
    # No positive text is an error of the rule; a threshold that nobody reaches may be right.
    by_text = [task for task in tasks if task.text_conditions()]
    for line in without_positive(labels, by_text):
        problems.add(line)
    for line in without_positive(labels, [task for task in tasks if task not in by_text]):
        problems.warn(line)
    for line in without_label(labels, tasks):
        problems.warn(line)


def check_thresholds(labels: pd.DataFrame, tasks: Sequence[Task], problems: Problems) -> None:
    """Add the cells that are no numbers under a threshold; they are not shown, as any may be free text."""
    columns: dict[str, list[str]] = {}
    for task in tasks:
        for condition in task.conditions:
            if not condition.is_text and condition.column in labels:
                columns.setdefault(condition.column, []).append(f"tasks.{task.name}")
    for column, named in columns.items():
        cells = labels[column].dropna()
        wrong = cells[pd.to_numeric(cells, errors="coerce").isna()]
        rule = f"a number (read by {', '.join(named)}; decimal point, no unit) or an empty cell"
        problems.cells(column, wrong, rule, show=False)


def check_video_table(path: str | Path, layout: VideoLayout, *, tasks: Sequence[Task] = ()) -> Problems:
    """Every problem of the table, one line each; as :func:`check_labels`."""
    try:
        table, problems = parse_video_file(path, layout)
    except ValueError as error:
        return Problems.of_file(error)
    check_tasks(check_missing_texts(table.labels, layout.labels, tasks, problems), tasks, problems)
    return problems
