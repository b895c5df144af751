"""Deidentified DICOM files of the written videos of one shard."""

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.digest import file_digest
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.tables import Column, Table
from echoclr_core.deidentify.dicom_output.header import NewUids
from echoclr_core.deidentify.dicom_output.identifiers import kinds_in_dicom
from echoclr_core.deidentify.dicom_output.write import write_deidentified_dicom
from echoclr_core.deidentify.identifiers.identifier_search import Identifier, identifiers_of
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE, Pseudonyms
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.dicom.header_parser import parse_header
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.third_party import as_unusable
from echoclr_core.dicom.values import quiet_pydicom

WRITE_ONE = f"{__name__}:write_one"
SECONDS = 300.0  # for one file

DICOM_FILES = Table(
    "deidentified DICOM files",
    {
        "video_id": Column(kind="str", description="pseudonym of the file; its name is <video_id>.dcm"),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "outcome": Column(kind="str", description="whether it was written", allowed=("ok", "failed")),
        "study_instance_uid": Column(kind="str", description="new StudyInstanceUID, a keyed hash"),
        "series_instance_uid": Column(kind="str", description="new SeriesInstanceUID, one a study"),
        "sop_instance_uid": Column(kind="str", description="new SOPInstanceUID, a keyed hash"),
        "sha256": Column(kind="str", description="SHA-256 of the file", nullable=True),
        "bytes": Column(kind="int", description="size of the file", nullable=True, low=0),
    },
    key=("video_id",),
)


class IdentifierError(ValueError):
    """An identifier of the source stands in a written file; the message names kinds and places alone."""

    holds_no_identifier = True


def write_dicom_shard(
    rows: pd.DataFrame,
    table: pd.DataFrame,
    avi_dir: str | Path,
    root: str | Path,
    target_dir: str | Path,
    *,
    pseudonyms: Pseudonyms,
    dates: Mapping[str, str] | None = None,
    lossy_codec: bool = False,
    workers: int = 1,
    on_detail: Callable[[str, str], None] | None = None,
) -> pd.DataFrame:
    """Write each video of a shard as a DICOM file, and look for the source's identifiers in every byte of it.

    Parameters
    ----------
    rows
        RESTRICTED_CATALOGUE of the shard.
    table
        SOURCE_FILES of the shard.
    avi_dir
        Its folder of videos and masks.
    root
        The folder that the rows' paths are relative to; of a source file the ultrasound regions are read.
    target_dir
        Appears at the end, whole, with <video_id>.dcm of each row "ok"; a folder of that name is replaced.
    pseudonyms
        The keyed hash of the study, from which the new UIDs follow.
    dates
        Video to its moved date, YYYY-MM-DD; None leaves dates out.
    lossy_codec
        Whether the videos were written with loss.
    workers
        Processes.
    on_detail
        Called with (video_id, reason) of each file that cannot be written. The reason may hold identifiers:
        keep it restricted.

    Returns
    -------
    DataFrame
        DICOM_FILES, one row a written video, sorted by video_id.

    Raises
    ------
    IdentifierError
        A written file holds an identifier of its source; nothing is delivered.
    """
    written = SOURCE_FILES.check(table).query("outcome == 'ok'").sort_values("video_id", ignore_index=True)
    catalogue = RESTRICTED_CATALOGUE.check(rows)
    sources, known = catalogue.set_index("video_id"), identifiers_of(catalogue)
    jobs, found = [], {}
    with _appears_whole(Path(target_dir)) as staged:
        for row in written.to_dict("records"):
            video_id = row["video_id"]
            source = sources.loc[video_id]
            uids = new_uids(row, source, pseudonyms)
            found[video_id] = _row(row, uids)
            paths = Path(avi_dir) / f"{video_id}.avi", Path(root) / source["path"], staged / f"{video_id}.dcm"
            values = _plain(row, (dates or {}).get(video_id))
            arguments = (*map(str, paths), values, uids, known.get(video_id, ()), lossy_codec)
            jobs.append(Job(video_id, arguments, SECONDS))
        for video_id, state, value in run_isolated(WRITE_ONE, jobs, workers=workers):
            if state == "done":
                found[video_id] |= value
            elif on_detail:
                on_detail(video_id, str(value or state))
        _refuse_identifiers(found.values())
    return DICOM_FILES.check(pd.DataFrame(list(found.values())).reindex(columns=list(DICOM_FILES.columns)))


@contextmanager
def _appears_whole(target_dir: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of ``target_dir`` at the end; not after an error."""
    for left in target_dir.parent.glob(f".{target_dir.name}.*.partial"):  # of a job that was killed
        shutil.rmtree(left)
    staged = target_dir.with_name(f".{target_dir.name}.{secrets.token_hex(6)}.partial")
    staged.mkdir(parents=True)
    try:
        yield staged
        shutil.rmtree(target_dir, ignore_errors=True)
        staged.rename(target_dir)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _plain(row: Mapping[str, Any], date: str | None) -> dict[str, Any]:
    """A row with plain values, and the moved date."""
    values = {name: None if pd.isna(value) else value for name, value in row.items()}
    return values | {"shifted_date": None if pd.isna(date) else date}


def _refuse_identifiers(files: Iterable[dict[str, Any]]) -> None:
    kinds = sorted({kind for one in files for kind in one.pop("leaks", ())})
    if kinds:
        raise IdentifierError(
            f"deidentified DICOM files hold identifiers of their source: {', '.join(kinds)}"
        )


def new_uids(row: Mapping[str, Any], source: pd.Series, pseudonyms: Pseudonyms) -> NewUids:
    """New UIDs of a video, which follow from key and source; all loops of a study are one series."""
    study = row["study_id"] if pd.isna(source["study_uid"]) else source["study_uid"]
    return NewUids(
        study=pseudonyms.uid("study", study),
        series=pseudonyms.uid("series", study),
        instance=pseudonyms.uid("instance", row["video_id"]),
    )


def write_one(
    video: str,
    source: str,
    target: str,
    row: Mapping[str, Any],
    uids: NewUids,
    identifiers: Sequence[Identifier],
    lossy_codec: bool,
) -> dict[str, Any]:
    """Columns of DICOM_FILES of one written file, and "leaks": kinds of identifiers that stand in it."""
    write_deidentified_dicom(
        video, target, row, uids, regions=source_regions(source), lossy_codec=lossy_codec
    )
    size = Path(target).stat().st_size
    leaks = kinds_in_dicom(target, identifiers, uids)
    return {"outcome": "ok", "sha256": file_digest(target), "bytes": size, "leaks": leaks}


def source_regions(path: str | Path) -> list:
    """Items of SequenceOfUltrasoundRegions of a source file; [] where they cannot be read."""
    try:
        with as_unusable(path), quiet_pydicom():
            items = parse_header(path, study_key=None).dataset.get("SequenceOfUltrasoundRegions")
            return list(items or ())
    except UnusableFile:  # regions are an addition: the video was decoded without them
        return []


def _row(row: Mapping[str, Any], uids: NewUids) -> dict[str, Any]:
    names = {f"{name}_instance_uid": uid for name, uid in zip(("study", "series", "sop"), uids, strict=True)}
    return {"video_id": row["video_id"], "study_id": row["study_id"], "outcome": "failed", **names}
