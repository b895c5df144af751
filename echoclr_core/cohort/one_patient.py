"""Studies whose files name several patients: found, left out, split by patient, or reduced to one patient.

A study key that is no accession number of one archive (two sites number alike, a placeholder) joins the loops
of several persons. One person's label would go to the others, and contrastive pairs would join two hearts.
"""

import base64
import hashlib
from collections.abc import Collection

import pandas as pd

from echoclr_core.cohort.unmatched import study_patients

REASON = "several_patients"
LETTERS = 16  # of base32, as in every pseudonym


def with_file_issuers(labels: pd.DataFrame, source_files: pd.DataFrame) -> pd.DataFrame:
    """The labels with the patients of the files, where a label names a PatientID without the files' issuer.

    Parameters
    ----------
    labels
        study_id, patient_id.
    source_files
        study_id, patient_id, and unissued_patient_id where there are issuers.
    """
    if "unissued_patient_id" not in source_files:
        return labels
    keys = ["study_id", "unissued_patient_id"]
    known = source_files[[*keys, "patient_id"]].dropna().drop_duplicates()
    known = known.drop_duplicates(keys, keep=False)  # of two issuers none is the right one
    found = labels[["study_id", "patient_id"]].merge(
        known, how="left", left_on=["study_id", "patient_id"], right_on=keys, suffixes=("", "_of_files")
    )["patient_id_of_files"]
    return labels.assign(patient_id=found.set_axis(labels.index).fillna(labels["patient_id"]))


def shared_studies(source_files: pd.DataFrame, labels: pd.DataFrame) -> set[str]:
    """Studies whose files, or whose label rows, name more than one patient.

    Files that are no usable loops count too: they show as well that the study key is shared.
    """
    return {
        study
        for table in (source_files, labels)
        for study, count in table.groupby("study_id")["patient_id"].nunique().items()
        if count > 1
    }


def require_one_row(labels: pd.DataFrame) -> None:
    """Raise ValueError where a study has several label rows."""
    count = int(labels["study_id"].duplicated().sum())
    if count:
        raise ValueError(
            f"labels: {count} rows are of a study that has a row already; one for each patient of a study is "
            "allowed with cohort.several_patients: split alone"
        )


def not_of_the_patient(
    rows: pd.DataFrame, source_files: pd.DataFrame, shared: Collection[str], kept: pd.Series | None
) -> pd.Series:
    """The reason ("several_patients", or missing) why each video of ``rows`` has to leave.

    Videos of ``shared`` studies leave. Where these were split, what is left under their study_id names no
    patient and could be anyone's.

    Parameters
    ----------
    rows
        video_id, study_id.
    source_files
        All files: video_id, study_id, patient_id.
    shared
        See :func:`shared_studies`.
    kept
        The patient of each study, by study_id, whose videos stay all the same; None for nobody.
    """
    several = rows["study_id"].isin(shared)
    if kept is not None:
        files = source_files.drop_duplicates("video_id").set_index("video_id")
        patients = rows["video_id"].map(files["patient_id"])
        several &= ~(patients == rows["study_id"].map(kept)).fillna(False).astype(bool)
    return pd.Series(pd.NA, index=rows.index, dtype="string").mask(several, REASON)


def kept_patients(source_files: pd.DataFrame, labels: pd.DataFrame) -> pd.Series:
    """Patient of each study: the label row's, if files name that one too, else the one of most files."""
    named = source_files[["study_id", "patient_id"]].dropna().drop_duplicates()
    both = labels[["study_id", "patient_id"]].merge(named, on=["study_id", "patient_id"])
    by_label = both.set_index("study_id")["patient_id"]
    majority = study_patients(source_files)
    return by_label.reindex(majority.index).fillna(majority)


def split_by_patient(
    source_files: pd.DataFrame, labels: pd.DataFrame, studies: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with a study_id for each patient of ``studies``; see :func:`patient_part`.

    A row of either table that names no patient keeps the study's own study_id, so that neither a file nor a
    label goes to a patient who may be another.
    """
    return tuple(_split(table, studies) for table in (source_files, labels))


def _split(table: pd.DataFrame, studies: Collection[str]) -> pd.DataFrame:
    wanted = table["study_id"].isin(studies) & table["patient_id"].notna()
    parts = [
        patient_part(study, patient) if part else study
        for study, patient, part in zip(table["study_id"], table["patient_id"], wanted, strict=True)
    ]
    return table.assign(study_id=pd.Series(parts, index=table.index, dtype="string"))


def patient_part(study_id: str, patient_id: str) -> str:
    """study_id of one patient's part of a study, from the pseudonyms of both."""
    digest = hashlib.sha256(f"{study_id}\x1f{patient_id}".encode()).digest()
    return f"s_{base64.b32encode(digest).decode()[:LETTERS].lower()}"
