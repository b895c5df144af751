"""Table 1 and Table S1: what the cohort looks like, by set."""

from collections.abc import Iterator, Mapping

import pandas as pd

from echoclr_core.cohort.small_cells import Cells, hidden_cells, hidden_totals

SET_TITLES = {
    "train": "Training",
    "val": "Validation",
    "test": "Internal test",
    "external": "External test",
    "overall": "Overall",
}

TITLES = {
    "sex": "Sex",
    "lv_mass_index": "LV mass index, g/m²",
    "wall_thickness": "Thicker of septum and posterior wall, cm",
    "as_severity": "Aortic stenosis as reported",
    "study_year": "Year of the study",
    "n_videos": "Videos per study",
    "age": "Age, years",
}

MORE = ("as_severity", "study_year", "n_videos")
NOT_DESCRIBED = {"study_id", "patient_id", "set", "lv_mass_index_from", "sex", "lv_mass_index", *MORE}


def table1(
    studies: pd.DataFrame, *, titles: Mapping[str, str], full: bool = False, least_cell: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe the cohort by set: n, n (%), mean (SD), missing counted.

    Parameters
    ----------
    studies
        COHORT_STUDIES with any extra columns: numbers give mean (SD), texts n (%) for each level.
    titles
        Task to title: the columns of ``studies`` that hold labels.
    full
        False: Table 1 (counts, sex, labels, mass index, extras). True: Table S1, which adds the grades
        as reported, the years and the videos per study.
    least_cell
        Counts below stand as "<5" (say), and means of fewer studies as "n.r." (not reported), which also
        stands for what such a count would follow from; 0: all counts are shown.

    Returns
    -------
    text
        Columns characteristic, level, and one a set that has studies, then Overall; all strings. A
        percentage is of the studies whose value is known, except in the rows "missing", which are of all.
    tidy
        Columns characteristic, level, set, statistic (n, percent, mean, sd), value (float, NaN where it
        cannot be computed or is hidden): what the text was made from.

    Raises
    ------
    ValueError
        If there is no study.
    """
    if studies.empty:
        raise ValueError("Table 1: there are no studies to describe")
    # Read from a file, a column of labels with missing ones is one of objects.
    labels = {name: studies[name].astype("boolean") for name in titles if name in studies.columns}
    studies = studies.assign(**labels)
    extras = [name for name in studies.columns if name not in NOT_DESCRIBED | set(titles)]
    names = ["sex", *titles, "lv_mass_index", *(MORE if full else ()), *extras]
    # What no study has says nothing, as a mass index of a set of videos without one; labels are always shown.
    names = [
        name for name in names if name in titles or (name in studies.columns and studies[name].notna().any())
    ]
    names = [name for name in names if name in studies.columns]
    parts = {name: studies[studies["set"] == name] for name in SET_TITLES if name != "overall"}
    parts = {name: part for name, part in parts.items() if len(part)} | {"overall": studies}
    lines = list(_counts(parts))
    hidden = hidden_totals(parts, least_cell)
    for name in names:
        title = TITLES.get(name, titles.get(name, name))
        lines += _describe(title, name, parts)
        hidden[title] = hidden_cells(name, parts, least_cell, is_number=_is_number(name, studies[name]))
    tidy = pd.DataFrame(lines, columns=["characteristic", "level", "set", "statistic", "value"])
    rows = tidy[["characteristic", "level", "set"]].itertuples(index=False, name=None)
    texts = [hidden[title].get((level, part), "") for title, level, part in rows]
    tidy["value"] = tidy["value"].mask([bool(text) for text in texts])
    text = _as_text(tidy.assign(hidden=texts)[~_tells_missing(tidy, hidden)], list(parts))
    return text, tidy[~_tells_missing(tidy, hidden)].reset_index(drop=True)


def _tells_missing(tidy: pd.DataFrame, hidden: Mapping[str, Cells]) -> pd.Series:
    """Percentages of the known studies, where how many are missing is hidden: it would follow from them."""
    blind = [
        ("missing", part) in hidden[title]
        for title, part in zip(tidy["characteristic"], tidy["set"], strict=True)
    ]
    return (
        pd.Series(blind, index=tidy.index) & (tidy["statistic"] == "percent") & (tidy["level"] != "missing")
    )


def _is_number(name: str, values: pd.Series) -> bool:
    """Whether a column is described by its mean."""
    is_flag = pd.api.types.is_bool_dtype(values)
    return pd.api.types.is_numeric_dtype(values) and not is_flag and name != "study_year"


def _counts(parts: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    for name, part in parts.items():
        yield "Studies", "", name, "n", float(len(part))
    for name, part in parts.items():
        yield "Videos", "", name, "n", float(part["n_videos"].sum())
    if parts["overall"]["patient_id"].notna().all():
        for name, part in parts.items():
            yield "Patients", "", name, "n", float(part["patient_id"].nunique())


def _describe(title: str, name: str, parts: dict[str, pd.DataFrame]) -> Iterator[tuple]:
    values = parts["overall"][name]
    is_flag = pd.api.types.is_bool_dtype(values)
    is_number = _is_number(name, values)
    levels = [] if is_number else [True] if is_flag else sorted(values.dropna().unique())
    if is_number:
        for part_name, part in parts.items():
            known = part[name].dropna().to_numpy(dtype=float)
            yield title, "", part_name, "mean", float(known.mean()) if len(known) else float("nan")
            yield title, "", part_name, "sd", float(known.std(ddof=1)) if len(known) > 1 else float("nan")
    for level in levels:
        shown = "" if is_flag else str(level)
        for part_name, part in parts.items():
            known = part[name].dropna()
            yield from _share(title, shown, part_name, int((known == level).sum()), len(known))
    if values.isna().any():
        for part_name, part in parts.items():
            yield from _share(title, "missing", part_name, int(part[name].isna().sum()), len(part))


def _share(title: str, level: str, part: str, count: int, total: int) -> Iterator[tuple]:
    yield title, level, part, "n", float(count)
    yield title, level, part, "percent", 100 * count / total if total else float("nan")


def _as_text(tidy: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    rows = []
    for (title, level), lines in tidy.groupby(["characteristic", "level"], sort=False):
        row = {"characteristic": title + _unit_of(lines["statistic"]), "level": level}
        for part in parts:
            cell = lines[lines["set"] == part]
            hidden = cell["hidden"].iloc[0]
            row[SET_TITLES[part]] = hidden or _cell(cell.set_index("statistic")["value"])
        rows.append(row)
    return pd.DataFrame(rows, dtype="string")


def _unit_of(statistics: pd.Series) -> str:
    """What a row's numbers are, as the row is titled."""
    if "mean" in statistics.to_numpy():
        return ", mean (SD)"
    return ", n (%)" if "percent" in statistics.to_numpy() else ""


def _cell(values: pd.Series) -> str:
    if "mean" in values:
        return f"{_number(values['mean'], '.1f')} ({_number(values['sd'], '.1f')})"
    count = f"{int(values['n']):,}"
    return f"{count} ({_number(values['percent'], '.1f')}%)" if "percent" in values else count


def _number(value: float, form: str) -> str:
    return "–" if pd.isna(value) else format(value, form)
