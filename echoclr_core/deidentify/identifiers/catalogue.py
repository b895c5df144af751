"""The catalogue of an archive under pseudonyms, and the studies that have left the archive."""

import errno
import json
from pathlib import Path

import pandas as pd

from echoclr_core.common.files import write_json
from echoclr_core.common.kept_table import KeptTable
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.dicom.catalogue import scan_archive, scan_key
from echoclr_core.dicom.tables import CATALOGUE

STUDIES = "studies.json"


def kept_scan(state: str | Path, study_key: str) -> KeptTable:
    """What an earlier scan read. It is no declared output, so it outlives a rerun."""
    return KeptTable(state, CATALOGUE, scan_key(study_key))


def read_archive(
    folder: str,
    state: str | Path,
    pseudonyms: Pseudonyms,
    *,
    folder_key: str = "input.dicom_dir",
    study_key: str,
    outside_links: str,
    shards: int,
    workers: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CATALOGUE and RESTRICTED_CATALOGUE of an archive; only files that no earlier scan read are opened.

    ``folder_key`` is the key of the configuration that names the folder.

    Raises
    ------
    OSError
        If the folder holds no file.
    """
    scanned = scan_archive(
        folder,
        study_key=study_key,
        workers=workers,
        follow_outside=outside_links == "follow",
        known=kept_scan(state, study_key).read(),
    )
    if scanned.empty:  # an empty catalogue would remove every study from what follows
        raise OSError(errno.ENOTCONN, f"{folder_key} holds no file: is the folder mounted?")
    return scanned, pseudonymise(scanned, pseudonyms, shards)


def removed_studies(state: str | Path, catalogue: pd.DataFrame, key: str) -> dict[str, int]:
    """Number of studies, and of their files, that earlier catalogues had and this one lacks.

    ``key`` is a digest of what the pseudonyms depend on; under another one nothing is known of earlier
    studies. A study that comes back is not removed any more.
    """
    path = Path(state) / STUDIES
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    files = known["files"] if known.get("key") == key else {}
    present = catalogue["study_id"].dropna().value_counts()
    files = files | {study: int(count) for study, count in present.items()}
    write_json(path, {"key": key, "files": files})
    gone = [count for study, count in files.items() if study not in present.index]
    return {"studies": len(gone), "files": sum(gone)}
