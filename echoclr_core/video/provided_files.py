"""Which file each row of a table of videos means."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from echoclr_core.common.links import leads_outside
from echoclr_core.dicom.tables import CATALOGUE
from echoclr_core.video.provided import SUFFIXES


def catalogue_videos(
    root: str | Path, videos: pd.DataFrame, *, follow_outside: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """The video files below a folder, matched with the rows of their table.

    Parameters
    ----------
    root
        The folder; files of other kinds (see :data:`SUFFIXES`) are not looked at.
    videos
        Columns video, study_key, patient_key, view. A video is named by its path below ``root``, by its
        file's name, or by that name without suffix. Case and the direction of slashes do not count where no
        name fits exactly.
    follow_outside
        Whether links that leave ``root`` are followed; else such a file has outcome "link_outside".

    Returns
    -------
    catalogue : DataFrame
        CATALOGUE, one row a file, sorted by path, and view (missing where ``videos`` has none). A file that
        no row names has outcome "no_study_key".
    without_file : list of str
        Names in the table for which there is no file.

    Raises
    ------
    ValueError
        ``root`` is no folder, no row has a file, a name fits several files, or two rows mean one file. The
        message holds names: for restricted places only.
    """
    root = Path(root)
    if not root.is_dir():
        raise ValueError(f"input.avi.dir: {root} is not a folder")
    paths = sorted(path for path in root.rglob("*") if path.suffix.casefold() in SUFFIXES and path.is_file())
    names = [path.relative_to(root).as_posix() for path in paths]
    row_of, without_file = _match(names, list(videos["video"]))
    listed = videos.drop(columns="video").to_dict("records")
    rows = []
    for name, path in zip(names, paths, strict=True):
        if not follow_outside and path.is_symlink() and leads_outside(path, root):
            rows.append({"path": name, "bytes": 0, "mtime_ns": 0, "outcome": "link_outside"})
            continue
        found = path.stat()
        row = {"path": name, "bytes": found.st_size, "mtime_ns": found.st_mtime_ns}
        place = row_of.get(name)
        known = {"outcome": "no_study_key"} if place is None else {"outcome": "ok"} | listed[place]
        rows.append(row | known)
    frame = pd.DataFrame(rows).reindex(columns=[*CATALOGUE.columns, "view"])
    catalogue = CATALOGUE.check(frame[list(CATALOGUE.columns)])
    return catalogue.assign(view=frame["view"].to_numpy()), without_file


def with_missing_videos(
    catalogue: pd.DataFrame, videos: pd.DataFrame, without_file: Collection[str]
) -> pd.DataFrame:
    """The catalogue and a row, outcome "missing_file", for each row of the table without a file.

    Parameters
    ----------
    catalogue, without_file
        From :func:`catalogue_videos`.
    videos
        As given to it.
    """
    lacking = videos[videos["video"].isin(list(without_file))].rename(columns={"video": "path"})
    lacking = lacking.assign(bytes=0, mtime_ns=0, outcome="missing_file")
    return pd.concat([catalogue, lacking.reindex(columns=catalogue.columns)], ignore_index=True)


def _plain(name: str) -> str:
    """A name as Windows compares it: slashes for backslashes, letters without case."""
    return name.replace("\\", "/").casefold()


def _match(names: list[str], wanted: list[str]) -> tuple[dict[str, int], list[str]]:
    """Path to number of its row; and the rows' names that fit no file."""
    fits: dict[str, list[str]] = {}
    for name in names:
        path = Path(name)
        keys = [name, name.removesuffix(path.suffix), path.name, path.stem]
        for key in dict.fromkeys([*keys, *map(_plain, keys)]):
            fits.setdefault(key, []).append(name)
    row_of: dict[str, int] = {}
    without_file, known = [], set(names)
    for place, video in enumerate(wanted):
        # A full path is meant before a name that several folders have.
        found = [video] if video in known else fits.get(video) or fits.get(_plain(video), [])
        if len(found) > 1:
            raise ValueError(
                f"input.avi.table: {video!r} fits {len(found)} files: {found[:3]}; name its path"
            )
        if not found:
            without_file.append(video)
        elif found[0] in row_of:
            raise ValueError(f"input.avi.table: two rows mean the file {found[0]!r}; one row a video")
        else:
            row_of[found[0]] = place
    if not row_of:
        raise ValueError(
            f"input.avi.table: none of its {len(wanted)} videos is among the {len(names)} files of "
            "input.avi.dir"
        )
    return row_of, without_file
