"""What a label table must hold for its tasks; each problem is one line for the user."""

from collections.abc import Sequence

import pandas as pd

from echoclr_core.tasks.conditions import Condition
from echoclr_core.tasks.task import Task
from echoclr_core.tasks.texts import is_one_of, nearest


def text_counts(studies: pd.DataFrame, condition: Condition) -> pd.DataFrame:
    """How each text of a condition's column counts, for people to check.

    Returns
    -------
    DataFrame
        text (missing for empty cells), studies, counts_as ("positive", "negative", "excluded", "missing",
        "not named"); most frequent first.
    """
    texts = studies[condition.column].astype("string").reset_index(drop=True)
    meaning = pd.Series("not named", index=texts.index, dtype="string")
    meaning[texts.isna()] = "missing"
    for name in ("positive", "negative", "excluded"):
        meaning[is_one_of(texts, getattr(condition, name))] = name
    frame = pd.DataFrame({"text": texts, "counts_as": meaning})
    counts = frame.groupby(["text", "counts_as"], dropna=False).size().rename("studies").reset_index()
    counts = counts.sort_values(["studies", "text"], ascending=[False, True], ignore_index=True)
    return counts[["text", "studies", "counts_as"]]


def unnamed_texts(studies: pd.DataFrame, tasks: Sequence[Task]) -> list[str]:
    """One line a column with texts that its task does not name, with counts and the nearest known text."""
    lines = []
    for task in tasks:
        for condition in task.text_conditions():
            if condition.column not in studies:
                continue
            counts = condition.unnamed(studies[condition.column]).value_counts()
            if counts.empty:
                continue
            known = (*condition.positive, *condition.negative, *condition.excluded)
            shown = "; ".join(_one(text, int(count), known) for text, count in counts[:12].items())
            more = f"; and {len(counts) - 12} more" if len(counts) > 12 else ""
            lines.append(
                f"column {condition.column!r} (tasks.{task.name}): {len(counts)} texts are in none of "
                f"positive, negative and excluded: {shown}{more}. Name each in one of the three"
            )
    return lines


def without_positive(studies: pd.DataFrame, tasks: Sequence[Task]) -> list[str]:
    """One line a task that no study of the table is positive for, although there are values."""
    lines = []
    for task in tasks:
        if task.rule or any(name not in studies for name in task.columns()):
            continue
        label = task.label(studies)
        if label.notna().any() and not label.any():
            lines.append(
                f"columns {task.columns()} (tasks.{task.name}): no study is positive; look at the task's "
                "rule, its unit and its column"
            )
    return lines


def without_label(studies: pd.DataFrame, tasks: Sequence[Task]) -> list[str]:
    """One line a task that labels no study of the table: an empty column, or no sex for thresholds by it."""
    lines = []
    for task in tasks:
        if task.rule or any(name not in studies for name in task.columns()):
            continue
        if task.label(studies).isna().all():
            by_sex = any(condition.by_sex for condition in task.conditions)
            needed = task.columns() + ["sex"] * by_sex
            lines.append(f"columns {needed} (tasks.{task.name}): no study has a label; fill in these columns")
    return lines


def _one(text: str, count: int, known: Sequence[str]) -> str:
    near = nearest(text, known)
    return f"{text!r} ({count} {'study' if count == 1 else 'studies'}" + (
        f", nearest {near!r})" if near else ")"
    )
