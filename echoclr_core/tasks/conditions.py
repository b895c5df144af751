"""One condition of a label rule: a number above or below a threshold, or a text of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


from collections.abc import Mapping
from dataclasses import dataclass

from echoclr_core.tasks.texts import is_one_of, plain_text

SEXES = ("female", "male")
Threshold = float | Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a column must hold for a study to be positive.

    Parameters
    ----------
    column
        A column of the label table.
    positive_above, positive_below
        Positive is strictly above, or strictly below; one number, or one each for "female" and "male". None:
        not used.
    positive, negative, excluded
        Texts of the positive class, of the negative class, and of studies that are left out.

    Raises
    ------
    ValueError
        If there is not exactly one way to tell a positive study, or a text stands in two lists; the message
        names the key.
    """

    column: str
    positive_above: Threshold | None = None
    positive_below: Threshold | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("positive", "negative", "excluded"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name) or ())))
        ways = [name for name in ("positive_above", "positive_below", "positive") if _used(self, name)]
        if len(ways) != 1:
            raise ValueError(
                f"column {self.column!r} has {ways or 'no rule'}; exactly one of positive_above, "
                "positive_below and positive is needed"
            )
        if not self.is_text and (self.negative or self.excluded):
            raise ValueError(f"column {self.column!r}: negative and excluded go with positive (texts) only")
        for name in ("positive_above", "positive_below"):
            limit = getattr(self, name)
            if isinstance(limit, Mapping) and set(limit) != set(SEXES):
                raise ValueError(f"{name}: {sorted(limit)}; allowed is one number, or one each for {SEXES}")
        seen: dict[str, str] = {}
        for name in ("positive", "negative", "excluded"):
            for text in getattr(self, name):
                first = seen.setdefault(plain_text(text), name)
                if first != name:
                    raise ValueError(f"{text!r} is in {first} and in {name}; a text stands in one of them")

    @property
    def is_text(self) -> bool:
        """Whether texts decide."""
        return bool(self.positive)

    @property
    def by_sex(self) -> bool:
        """Whether the threshold depends on sex."""
        return isinstance(self.positive_above, Mapping) or isinstance(self.positive_below, Mapping)

    def label(self, studies: pd.DataFrame) -> pd.Series:
        """(N,) boolean Series; missing where the value or a sex that is needed is, and for excluded texts.

        Parameters
        ----------
        studies
            Has ``column`` and, where the threshold depends on it, "sex" ("female", "male" or missing).

        Raises
        ------
        ValueError
            If a text stands in none of the lists, or a number is expected and is not there.
        """
        if self.is_text:
            return self._label_of_texts(studies[self.column].astype("string"))
        try:
            values = studies[self.column].astype("Float64")
        except (TypeError, ValueError) as error:
            raise ValueError(f"column {self.column!r} holds cells that are no numbers") from error
        above = self.positive_above is not None
        limits = _limits(self.positive_above if above else self.positive_below, studies)
        return (values > limits if above else values < limits).astype("boolean")

    def excluded_studies(self, studies: pd.DataFrame) -> pd.Series:
        """(N,) bool Series: whether the study has an excluded text."""
        import pandas as pd  # here, as the rules are read without large libraries

        if not self.excluded:
            return pd.Series(False, index=studies.index)
        return is_one_of(studies[self.column], self.excluded)

    def unnamed(self, texts: pd.Series) -> pd.Series:
        """The texts (missing ones left out) that stand in none of the lists."""
        known = texts.dropna().astype("string")
        return known[~is_one_of(known, (*self.positive, *self.negative, *self.excluded))]

    def _label_of_texts(self, texts: pd.Series) -> pd.Series:
        unnamed = self.unnamed(texts)
        if len(unnamed):
            raise ValueError(
                f"column {self.column!r}: {len(unnamed)} studies have texts that are in none of positive, "
                f"negative, excluded: {sorted(set(unnamed))}"
            )
        label = is_one_of(texts, self.positive).astype("boolean")
        return label.mask(texts.isna() | is_one_of(texts, self.excluded))


def _used(condition: Condition, name: str) -> bool:
    value = getattr(condition, name)
    return value is not None and value != ()


def _limits(limit: Threshold, studies: pd.DataFrame) -> pd.Series:
    if isinstance(limit, Mapping):
        return studies["sex"].astype("string").map(dict(limit), na_action="ignore").astype("Float64")
    import pandas as pd  # here, as the rules are read without large libraries

    return pd.Series(float(limit), index=studies.index, dtype="Float64")
