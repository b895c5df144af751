"""Schemas of the label table, with real keys and with pseudonyms."""

from echoclr_core.common.tables import Column, Table

_SHARED = {
    "study_year": Column(
        kind="int",
        nullable=True,
        low=1900,
        high=2100,
        description="year of the study; missing only where the videos come without DICOM and dates",
    ),
    "sex": Column(kind="str", nullable=True, allowed=("female", "male"), description="sex"),
    "as_severity": Column(
        kind="str", nullable=True, description="grade of aortic stenosis as reported; 'None' is a grade"
    ),
    "lv_mass_index": Column(
        kind="float", nullable=True, low=0, description="left-ventricular mass index, g/m2"
    ),
    "lv_mass_index_from": Column(
        kind="str",
        nullable=True,
        allowed=("table", "measurements"),
        description="whether the index was given or computed from the measurements",
    ),
}
KEYED_LABELS = Table(
    "labels with keys",
    {
        "study_key": Column(kind="str", description="key of the study, as in the DICOM files"),
        "patient_key": Column(kind="str", nullable=True, description="key of the patient"),
        **_SHARED,
    },
    key=("study_key", "patient_key"),
    extra=True,
)
"""With real identifiers: for ``restricted/`` only."""
LABELS = Table(
    "labels",
    {
        "study_id": Column(kind="str", description="pseudonym of the study"),
        "patient_id": Column(kind="str", nullable=True, description="pseudonym of the patient"),
        **_SHARED,
    },
    key=("study_id", "patient_id"),
    extra=True,
)
