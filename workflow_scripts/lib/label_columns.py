"""The names of the label columns, as the core takes them, from the configuration."""

import json
from types import SimpleNamespace

from echoclr_core.cohort.columns import LabelColumns


def label_columns(chosen: SimpleNamespace) -> LabelColumns:
    """From the slices ``columns``, ``extra_columns`` and ``released_columns`` of ``input``.

    ``several_patients`` (of ``cohort``) says whether a study may have a row for each of its patients.

    ``age_column`` (of ``evaluate``) and ``max_age`` are added where the rule reads ages; a rule without them
    checks none. A table for which neither a date nor a year is named is of one period.
    """
    undated = chosen.columns["study_date"] is None and chosen.columns["study_year"] is None
    return LabelColumns(
        **chosen.columns,
        extra=tuple(chosen.extra_columns),
        age=getattr(chosen, "age_column", None),
        max_age=getattr(chosen, "max_age", None),
        released=tuple(chosen.released_columns),
        undated=undated,
        several_patients=getattr(chosen, "several_patients", None) == "split",
    )


def published_record(settings: str) -> str:
    """Of a rule's settings (JSON text) those that say what of the labels was published and searched."""
    names = ("input.extra_columns", "input.released_columns", "input.max_age")
    return json.dumps({name: json.loads(settings)[name] for name in names}, sort_keys=True)
