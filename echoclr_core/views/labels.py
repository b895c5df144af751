"""Labelled views, given by people as a small table, joined to the archive's videos."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from echoclr_core.common.missing_texts import missing_text_lines
from echoclr_core.common.published_text import TableIdentifiers, search_column
from echoclr_core.common.tables import header_of
from echoclr_core.common.text_table import read_text_table
from echoclr_core.views.tables import VIEW_LABELS

NAMES = ("video", "study", "file", "view")
NOTE = "note: "
STUDY_FILE = "\x1f"  # between the two in one key: neither holds it


def read_view_labels(path: str | Path, *, released: bool = False) -> pd.DataFrame:
    """Read the table ``views.labels``.

    Parameters
    ----------
    path
        CSV or Parquet (see :mod:`echoclr_core.common.text_table`) with the column view, and either video
        (SOPInstanceUID, or path below the archive's root) or study and file (value of the study key, and the
        file's name).
    released
        Whether the views may leave although they look as if they could name a patient.

    Returns
    -------
    DataFrame
        video, view; text, stripped. A study and its file stand in video, joined by STUDY_FILE.

    Raises
    ------
    ValueError
        All problems at once: missing columns, empty cells, a video with two views, views that hold a date, a
        key or another text that can name a patient (:mod:`echoclr_core.common.published_text`). The rows are
        counted as in a spreadsheet, the header being row 1.
    """
    path = Path(path)
    table = read_text_table(path).cells
    keys = ["video"] if "video" in table.columns else ["study", "file"]
    missing = [name for name in (*keys, "view") if name not in table.columns]
    if missing:
        raise ValueError(
            f"{path.name}: missing columns {missing}; {header_of(table.columns, NAMES)}; "
            "allowed are video (or study and file) and view"
        )
    found = [
        f"{path.name}: row {row}: column {name!r} is empty; a value is needed"
        for name in (*keys, "view")
        for row in table.index[table[name].isna()]
    ]
    for name in (*keys, "view"):
        found += [f"{path.name}: {line}" for line in missing_text_lines(name, table[name])]
    found += _published_problems(path, table, keys, released=released)
    if keys != ["video"]:
        table["video"] = table["study"] + STUDY_FILE + table["file"]
    views = table.groupby("video")["view"].nunique()
    twice = table.index[table["video"].map(views) > 1]
    if len(twice):
        found.append(f"{path.name}: rows {list(twice[:10])}: one video, different views")
    if found:
        raise ValueError("\n".join(found))
    return table[["video", "view"]].drop_duplicates(ignore_index=True)


def _published_problems(path: Path, table: pd.DataFrame, keys: list[str], *, released: bool) -> list[str]:
    """Lines on views that may not leave restricted/; the texts are not repeated."""
    cells = table["view"]
    identifiers = TableIdentifiers(keys={name: table[name] for name in keys})
    return [
        f"{path.name}: rows {list(finding.rows)[:10]}: column 'view': allowed is "
        f"{finding.allowed}; views that name no patient can be released by 'view' in input.released_columns"
        for finding in search_column(cells, identifiers, released=released, as_levels=True)
    ]


def view_label_problems(path: str | Path, keep: Sequence[str], *, released: bool = False) -> list[str]:
    """Every problem of the table ``views.labels``, one line each; one is that no video shows
    a class of ``keep``.

    Lines that begin with NOTE stop nothing: how a file was read that is no UTF-8 text with commas.
    """
    try:
        notes = [f"{NOTE}{line}" for line in read_text_table(path).notes]
        views = sorted(read_view_labels(path, released=released)["view"].unique())
    except (ValueError, OSError) as error:
        return str(error).splitlines()
    said = [
        f"{Path(path).name}: no video has the view {name!r} (views.keep); the views are {views}"
        for name in keep
        if name not in views
    ]
    return [*notes, *said]


def join_view_labels(provided: pd.DataFrame, catalogue: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Pseudonyms of the labelled videos.

    Parameters
    ----------
    provided
        From :func:`read_view_labels`.
    catalogue
        The restricted catalogue: sop_uid, path, study_key, video_id, study_id, patient_id, outcome.

    Returns
    -------
    labels : DataFrame
        VIEW_LABELS of the videos that the archive holds in usable form.
    unmatched : int
        Rows of ``provided`` without such a video.

    Raises
    ------
    ValueError
        If no row has its video in the archive.
    """
    usable = catalogue[catalogue["outcome"] == "ok"]
    provided = provided.assign(video=_with_slashes(provided["video"], usable["path"]))
    keys = [usable["sop_uid"], usable["path"]]
    if "study_key" in usable:
        keys.append(usable["study_key"] + STUDY_FILE + usable["path"].str.rsplit("/", n=1).str[-1])
    known = pd.concat([usable.assign(video=key) for key in keys])
    joined = provided.merge(known, on="video").drop_duplicates("video_id")
    several = int(joined.duplicated("video").sum())
    if several:
        raise ValueError(
            f"view labels: {several} files have a name that their study has twice, or the SOPInstanceUID of "
            "another loop; name the path"
        )
    if joined.empty:
        raise ValueError(
            f"view labels: none of the {len(provided)} labelled videos is in the archive; the column video "
            "must hold SOPInstanceUIDs or paths below the archive's root (or study the study key, file "
            "its name)"
        )
    # A study whose files carry no patient stands for its own.
    patients = joined["patient_id"].fillna(joined["study_id"])
    labels = joined.assign(patient_id=patients)[list(VIEW_LABELS.columns)]
    matched = provided["video"].isin(joined["video"]).sum()
    return VIEW_LABELS.check(labels.sort_values("video_id")), int(len(provided) - matched)


def _with_slashes(videos: pd.Series, paths: pd.Series) -> pd.Series:
    """Names of videos; a path written with backslashes, as Windows does, is one of ``paths`` with slashes."""
    turned = videos.str.replace("\\", "/", regex=False)
    return videos.where(~turned.isin(paths) | videos.isin(paths), turned)
