"""A table of videos that come without DICOM: each with its study, its set and its study's labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_checks import Problems
from echoclr_core.cohort.label_tables import KEYED_LABELS
from echoclr_core.cohort.labels import parse_labels, raise_problems
from echoclr_core.cohort.published_columns import check_column, label_identifiers
from echoclr_core.common.missing_texts import missing_text_lines
from echoclr_core.common.tables import header_of
from echoclr_core.common.text_table import read_text_table

SET_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val"}
    | {"dev": "val", "test": "test", "testing": "test", "external": "external"}
)
"""Spellings of the split column (case does not count) to sets."""


@dataclass(frozen=True, kw_only=True)
class VideoColumns:
    """Names of the columns that speak of the video; None where the table has no such column.

    Parameters
    ----------
    video
        The file: its path below the folder, its name, or its name without suffix.
    split
        The set of the video's study; see :data:`SET_SPELLINGS`.
    view
        The view it shows.
    """

    video: str = "video"
    split: str | None = None
    view: str | None = None


@dataclass(frozen=True, kw_only=True)
class VideoTable:
    """What a table of videos holds, with the *original* keys: for ``restricted/`` only.

    videos: video, study_key, patient_key (NA: none), view ("unknown" for an empty cell; NA: no column).
    labels: schema KEYED_LABELS, one row a study, and provided_set (NA: none) where there is a split column.
    """

    videos: pd.DataFrame
    labels: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class VideoLayout:
    """A published table's layout: its columns, and how it is brought to one row a video."""

    videos: VideoColumns
    labels: LabelColumns
    reshape: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table


def _echonet_lvh(table: pd.DataFrame) -> pd.DataFrame:
    """One row a video from one row a measurement; several values of one measurement give their mean."""
    names = ("HashedFileName", "Calc", "CalcValue", "split")
    if not set(names) <= set(table.columns):
        return table  # the check of names will say what is missing
    rows = table[list(names)].assign(first=table.index)
    numbers = pd.to_numeric(rows["CalcValue"], errors="coerce")
    means = numbers.groupby([rows["HashedFileName"], rows["Calc"]]).mean().unstack()
    wide = means.reindex(columns=["IVSd", "LVIDd", "LVPWd", "LVIDs"]).astype("Float64")
    wide = wide.map(lambda value: f"{value:.6g}", na_action="ignore").astype("string")
    by_video = rows.groupby("HashedFileName")
    several = by_video["split"].nunique() > 1
    split = by_video["split"].first().mask(several, "several sets")
    wide = wide.assign(split=split, first=by_video["first"].min()).reset_index()
    return wide.sort_values("first").set_index("first").rename_axis(None)


_NOTHING = {"patient_key": None, "study_date": None, "sex": None, "as_severity": None, "lv_mass_index": None}
LAYOUTS: Mapping[str, VideoLayout] = MappingProxyType(
    {
        "echonet_dynamic": VideoLayout(
            videos=VideoColumns(video="FileName", split="Split"),
            labels=LabelColumns(study_key="FileName", **_NOTHING, undated=True, extra=("EF", "ESV", "EDV")),
        ),
        "echonet_lvh": VideoLayout(
            videos=VideoColumns(video="HashedFileName", split="split"),
            labels=LabelColumns(
                study_key="HashedFileName",
                **_NOTHING,
                undated=True,
                ivsd="IVSd",
                lvidd="LVIDd",
                pwtd="LVPWd",
                extra=("IVSd", "LVIDd", "LVPWd", "LVIDs"),
            ),
            reshape=_echonet_lvh,
        ),
    }
)
"""EchoNet-Dynamic's FileList.csv (one row a video) and EchoNet-LVH's MeasurementsList.csv (one row a
measurement, in cm): each video is its own study; neither names a patient, a date or a sex."""


def read_video_table(path: str | Path, layout: VideoLayout) -> VideoTable:
    """Read and check the table.

    Raises
    ------
    ValueError
        With all problems in one message.
    """
    table, problems = parse_video_file(path, layout)
    raise_problems(problems, "the table of videos")
    return VideoTable(videos=table.videos, labels=KEYED_LABELS.check(table.labels, where=Path(path).name))


def parse_video_file(path: str | Path, layout: VideoLayout) -> tuple[VideoTable, Problems]:
    problems = Problems(Path(path).name)
    table, floating, notes = read_text_table(path)
    problems.warnings += notes
    table = layout.reshape(table)
    columns = layout.videos
    lacking = [
        name for name in (columns.video, columns.split, columns.view) if name and name not in table.columns
    ]
    wanted = {columns.video, columns.split, columns.view, *layout.labels.named().values()}
    for name in lacking:
        problems.add(f"row 1: there is no column {name!r}; {header_of(table.columns, wanted)}")
    if lacking or layout.labels.study_key not in table.columns:
        labels, _ = parse_labels(table, floating, layout.labels, problems)
        return VideoTable(videos=pd.DataFrame(), labels=labels), problems
    _check_videos(table, columns.video, problems)
    if columns.view:
        for line in missing_text_lines(columns.view, table[columns.view]):
            problems.add(line)
    split = _parse_split(table, columns, problems)
    _warn_of_shared_patients(table, split, layout, problems)
    studies = _one_row_a_study(table.assign(**{_SPLIT: split}), layout, problems)
    labels, _ = parse_labels(studies, floating, layout.labels, problems)
    if columns.view:
        published = [columns.view, *layout.labels.extra, layout.labels.as_severity]
        identifiers = label_identifiers(table, layout.labels, published, keys=(columns.video,))
        released = bool({columns.view, "view"} & set(layout.labels.released))
        check_column(table[columns.view], identifiers, problems, released=released)
    if columns.split and len(labels):
        labels["provided_set"] = studies[_SPLIT].astype("string")
    patient = layout.labels.patient_key
    nothing = pd.Series(pd.NA, index=table.index, dtype="string")
    videos = pd.DataFrame(
        {
            "video": table[columns.video],
            "study_key": table[layout.labels.study_key],
            "patient_key": table[patient] if patient in table.columns else nothing,
            "view": table[columns.view].fillna("unknown") if columns.view else nothing,
        }
    )
    return VideoTable(videos=videos.reset_index(drop=True), labels=labels), problems


_SPLIT = "\0set"  # no table has a column of this name


def _check_videos(table: pd.DataFrame, column: str, problems: Problems) -> None:
    cells = table[column]
    problems.cells(column, cells[cells.isna()], "the name of a video: it is missing", show=False)
    twice = cells.dropna()[cells.dropna().duplicated(keep=False)]
    problems.cells(column, twice, "one row a video: these name a video twice", show=False)


def _parse_split(table: pd.DataFrame, columns: VideoColumns, problems: Problems) -> pd.Series:
    if columns.split is None:
        return pd.Series(pd.NA, index=table.index, dtype="string")
    cells = table[columns.split]
    sets = cells.str.casefold().map(SET_SPELLINGS, na_action="ignore")
    wrong = cells[sets.isna() & cells.notna()]
    problems.cells(columns.split, wrong, f"one of {list(SET_SPELLINGS)} (any case) or empty")
    return sets.astype("string")


def _warn_of_shared_patients(
    table: pd.DataFrame, split: pd.Series, layout: VideoLayout, problems: Problems
) -> None:
    """Warn of patients with videos in several sets: the published split may be one by study."""
    patient = layout.labels.patient_key
    if patient not in table.columns:
        return
    several = split.groupby(table[patient]).nunique()
    rows = table.index[table[patient].isin(several.index[several > 1])]
    if len(rows):
        first = ", ".join(map(str, rows[:10]))
        problems.warn(
            f"rows {first}{' and more' * (len(rows) > 10)}: column {layout.videos.split!r}: "
            f"{int((several > 1).sum())} patients stand in several sets; results on the test set know them "
            "already. cohort.split_unit: patient draws sets that share none"
        )


def _one_row_a_study(table: pd.DataFrame, layout: VideoLayout, problems: Problems) -> pd.DataFrame:
    """The label columns study by study; a value that stands in some of its rows counts for all of them."""
    study = layout.labels.study_key
    named = [*layout.labels.named().values(), *layout.labels.extra, _SPLIT]
    names = [name for name in dict.fromkeys(named) if name in table.columns and name != study]
    groups = table.groupby(study, sort=False)
    for name in names:
        several = groups[name].nunique()
        rows = table.index[table[study].map(several).fillna(0) > 1]
        if len(rows):
            shown = layout.videos.split if name == _SPLIT else name
            first = ", ".join(map(str, rows[:10]))
            problems.add(f"rows {first}: column {shown!r}: different values within one study")
    first_rows = ~table.duplicated(study) & table[study].notna()
    values = groups[names].first() if names else pd.DataFrame(index=groups.size().index)
    studies = values.loc[table.loc[first_rows, study]].reset_index()
    return studies.set_axis(table.index[first_rows], axis=0)
