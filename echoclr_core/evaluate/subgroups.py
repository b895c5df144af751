"""Which subgroup each study is in: by sex, age band, year, and by how its videos were acquired."""

from collections.abc import Iterator, Sequence

import pandas as pd

from echoclr_core.evaluate.technical import thirds

MISSING = "missing"
TECHNICAL_COLUMNS = {
    "vendor": "vendor",
    "frame rate": "frame_rate",
    "image height": "image_height",
    "number of videos": "n_videos",
    "share masked": "masked_share",
    "view margin": "view_margin",
}
"""Characteristic to column of TECHNICAL; all but the vendor are numbers, cut at thirds of the test set."""


def subgroups_of(
    studies: pd.DataFrame, *, age_column: str = "age", age_bands: Sequence[float] = (50, 65, 80)
) -> Iterator[tuple[str, str, int, pd.Index]]:
    """The subgroups of ``studies``, one at a time.

    Parameters
    ----------
    studies
        Columns study_id and, as far as they exist, sex, study_year, ``age_column`` (numbers are put into
        bands; a column of text is taken to hold bands already), and those of TECHNICAL.
    age_column, age_bands
        See :class:`~echoclr_core.evaluate.settings.EvaluationSettings`.

    Yields
    ------
    characteristic, level, place, study_ids
        "sex", "female", 0, …; studies whose value is not known are the level "missing", the last one. A
        characteristic with one level only gives none: that would be the cohort over again.

    Raises
    ------
    ValueError
        A study stands there twice.
    """
    if studies["study_id"].duplicated().any():
        twice = int(studies["study_id"].duplicated().sum())
        raise ValueError(f"studies: {twice} study_id stand there more than once; each must once")
    columns = {"sex": "sex", "age": age_column, "year": "study_year", **TECHNICAL_COLUMNS}
    for characteristic, column in columns.items():
        if column not in studies.columns:
            continue
        values = studies[column]
        if characteristic in TECHNICAL_COLUMNS and characteristic != "vendor":
            levels, order = thirds(values)
        else:
            levels = _levels(values, age_bands if characteristic == "age" else ())
            order = sorted(levels.dropna().unique(), key=_by_number(age_bands))
        ids = studies.groupby(levels.fillna(MISSING).to_numpy())["study_id"]
        found = {str(level): pd.Index(members) for level, members in ids}
        if len(found) > 1:
            present = [level for level in [*order, MISSING] if level in found]
            yield from ((characteristic, level, place, found[level]) for place, level in enumerate(present))


def age_band(age: float, begins: Sequence[float]) -> str:
    """The band of an age in years: "<50", "50–64", "≥80"."""
    below = [start for start in begins if age >= start]
    above = [start for start in begins if age < start]
    if not below:
        return f"<{above[0]:g}" if above else "all ages"
    return f"{below[-1]:g}–{above[0] - 1:g}" if above else f"≥{below[-1]:g}"


def _levels(values: pd.Series, bands: Sequence[float]) -> pd.Series:
    """The level of each study as text, missing where it is."""
    if bands and pd.api.types.is_numeric_dtype(values):
        return values.map(lambda age: pd.NA if pd.isna(age) else age_band(float(age), bands)).astype("string")
    return values.astype("string")


def _by_number(bands: Sequence[float]):
    """Sort key: age bands by their beginning, other levels by their text."""
    place = {age_band(age, bands): number for number, age in enumerate([float("-inf"), *bands])}
    return lambda level: (place.get(level, len(place)), level)
