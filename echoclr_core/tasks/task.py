"""A task: name, title, and the rule that gives each study its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


from echoclr_core.tasks.conditions import Condition
from echoclr_core.tasks.registered import registered_rule

COMBINE = ("all", "any")
EXCLUDED_FROM = ("task", "cohort")
_CONDITION = ("column", "positive_above", "positive_below", "positive", "negative", "excluded")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One question asked of every study.

    Parameters
    ----------
    name
        Name in paths and tables.
    title
        Name in figures and reports.
    unit
        Unit of the numbers that the rule compares; for people.
    conditions
        One or more; see ``combine``. Empty where ``rule`` names a registered function.
    combine
        "all": positive if every condition holds; "any": if one does. Where a missing value
        leaves that open, the label is missing.
    excluded_from
        Whether studies with an excluded text leave this task alone or the whole cohort.
    rule
        Name of a function in ``echoclr_core/tasks/rules/``; None for conditions.
    """

    name: str
    title: str
    unit: str = ""
    conditions: tuple[Condition, ...] = ()
    combine: str = "all"
    excluded_from: str = "task"
    rule: str | None = None

    def label(self, studies: pd.DataFrame) -> pd.Series:
        """(N,) boolean Series, the label of each study; missing where it cannot be determined.

        Parameters
        ----------
        studies
            One row a study with the columns of :meth:`columns`, and "sex" for thresholds by sex.
        """
        import pandas as pd  # here, as the rules are read without large libraries

        if self.rule:
            return pd.Series(registered_rule(self.rule).label(studies), index=studies.index, dtype="boolean")
        label = self.conditions[0].label(studies)
        for condition in self.conditions[1:]:
            other = condition.label(studies)
            label = label & other if self.combine == "all" else label | other
        return label.mask(self._excluded(studies))

    def leaves_cohort(self, studies: pd.DataFrame) -> pd.Series:
        """(N,) bool Series: whether the study leaves the whole cohort."""
        import pandas as pd  # here, as the rules are read without large libraries

        if self.excluded_from == "task":
            return pd.Series(False, index=studies.index)
        return self._excluded(studies)

    def columns(self) -> list[str]:
        """The columns that the rule reads, sex left out."""
        if self.rule:
            return list(registered_rule(self.rule).columns)
        return list(dict.fromkeys(condition.column for condition in self.conditions))

    def text_conditions(self) -> list[Condition]:
        """The conditions that texts decide."""
        return [condition for condition in self.conditions if condition.is_text]

    def _excluded(self, studies: pd.DataFrame) -> pd.Series:
        import pandas as pd  # here, as the rules are read without large libraries

        excluded = pd.Series(False, index=studies.index)
        for condition in self.conditions:
            excluded |= condition.excluded_studies(studies)
        return excluded


def make_task(name: str, values: Mapping[str, Any]) -> Task:
    """A task from its part of the configuration (see ``tasks`` in config.yaml).

    Raises
    ------
    ValueError
        If the keys do not make one rule; the message names the keys.
    """
    own = {key: values[key] for key in _CONDITION if values.get(key) not in (None, [], "")}
    several = [key for key in COMBINE if values.get(key)]
    ways = [*(["column"] if own else []), *several, *(["rule"] if values.get("rule") else [])]
    if len(ways) != 1:
        raise ValueError(
            f"has {ways or 'no rule'}; exactly one of column (with its thresholds or texts), all, any and "
            "rule is needed"
        )
    conditions: Sequence[Mapping[str, Any]] = values[several[0]] if several else [own] if own else []
    return Task(
        name=name,
        title=values.get("title") or name,
        unit=values.get("unit") or "",
        conditions=tuple(_condition(part) for part in conditions),
        combine=several[0] if several else "all",
        excluded_from=values.get("excluded_from") or "task",
        rule=values.get("rule") or None,
    )


def _condition(values: Mapping[str, Any]) -> Condition:
    if not values.get("column"):
        raise ValueError("has a condition without column; allowed is the name of a column of the label table")
    return Condition(**{key: value for key, value in values.items() if value is not None})
