"""What does not match between the archive and the label table, on either side."""

from collections.abc import Iterable, Mapping

import pandas as pd

from echoclr_core.common.tables import Column, Table

KINDS = (
    *("labels_without_files", "files_without_labels", "year_differs", "patient_differs"),
    *("several_patients", "several_study_uids"),
)
UNMATCHED = Table(
    "unmatched",
    {
        "kind": Column(
            kind="str",
            allowed=KINDS,
            description="what does not match; where year or patient differ, the label table's value counts; "
            "several_patients, several_study_uids: the study's files name more than one",
        ),
        "study_id": Column(kind="str", description="pseudonymous study"),
        "files": Column(kind="int", low=0, description="files of the study in the archive"),
    },
    key=("kind", "study_id"),
)


def find_unmatched(source_files: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Compare the studies of both tables.

    Returns
    -------
    DataFrame
        Schema :data:`UNMATCHED`, sorted; no rows if everything matches.

    Raises
    ------
    ValueError
        If no study at all stands in both: then the study key is the wrong one.
    """
    files = source_files.dropna(subset="study_id").groupby("study_id").size()
    labelled = labels.set_index("study_id")
    common = labelled.index.intersection(files.index)
    if len(labelled) and len(files) and not len(common):
        raise ValueError(
            f"labels: none of their {len(labelled)} studies is among the {len(files)} of the archive; the "
            "study_key column must hold the values of the DICOM keyword that input.study_key names, and both "
            "must be pseudonyms of one key: where it was changed, --forcerun catalog_archive import_labels. "
            "A spreadsheet may also have removed leading zeros"
        )
    patients, years = study_patients(source_files), _most_frequent(source_files, "study_year").astype("Int64")
    both = labelled.loc[common]
    found = {
        "labels_without_files": labelled.index.difference(files.index),
        "files_without_labels": files.index.difference(labelled.index),
        "year_differs": _differ(both["study_year"], years),
        "patient_differs": _differ(both["patient_id"], patients),
    }
    return _lines(found, files)


def find_mixed(source_files: pd.DataFrame) -> pd.DataFrame:
    """Studies whose files name several patients or several StudyInstanceUIDs.

    Returns
    -------
    DataFrame
        Schema :data:`UNMATCHED`, sorted.
    """
    files = source_files.dropna(subset="study_id").groupby("study_id").size()
    kinds = {"several_patients": "patient_id", "several_study_uids": "study_uid_id"}
    found = {}
    for kind, column in kinds.items():
        if column in source_files:
            counts = source_files.dropna(subset="study_id").groupby("study_id")[column].nunique()
            found[kind] = counts.index[counts > 1]
    return _lines(found, files)


def _lines(found: Mapping[str, Iterable[str]], files: pd.Series) -> pd.DataFrame:
    lines = [
        {"kind": kind, "study_id": study, "files": int(files.get(study, 0))}
        for kind, studies in found.items()
        for study in sorted(studies)
    ]
    return UNMATCHED.check(pd.DataFrame(lines)) if lines else UNMATCHED.empty()


def study_patients(source_files: pd.DataFrame) -> pd.Series:
    """Patient of each study by the DICOM files (string, by study_id), missing where no file tells."""
    return _most_frequent(source_files, "patient_id").astype("string")


def _most_frequent(source_files: pd.DataFrame, column: str) -> pd.Series:
    """The most frequent value of a study's files; the smallest of equally frequent ones."""
    known = source_files[["study_id", column]].dropna()
    votes = known.groupby(["study_id", column], as_index=False).size()
    votes = votes.sort_values(["study_id", "size", column], ascending=[True, False, True])
    return votes.drop_duplicates("study_id").set_index("study_id")[column]


def _differ(given: pd.Series, found: pd.Series) -> pd.Index:
    found = found.reindex(given.index)
    return given.index[(given != found).fillna(False).astype(bool)]
