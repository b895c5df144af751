"""Schema of the catalogue of an archive."""

from echoclr_core.common.tables import Column, Table
from echoclr_core.dicom.outcomes import OUTCOMES

CATALOGUE = Table(
    "catalogue",
    {
        "path": Column(kind="str", description="file, relative to the archive, with / between folders"),
        "bytes": Column(kind="int", description="size of the file", low=0),
        "mtime_ns": Column(kind="int", description="time of last change, nanoseconds since 1970"),
        "outcome": Column(kind="str", description="what the header alone says of the file", allowed=OUTCOMES),
        "study_key": Column(
            kind="str", description="value of the keyword that names the study", nullable=True
        ),
        "patient_key": Column(kind="str", description="PatientID", nullable=True),
        "patient_issuer": Column(kind="str", description="IssuerOfPatientID", nullable=True),
        "study_date": Column(kind="str", description="StudyDate as YYYYMMDD", nullable=True),
        "study_uid": Column(kind="str", description="StudyInstanceUID", nullable=True),
        "sop_uid": Column(kind="str", description="SOPInstanceUID", nullable=True),
        "content": Column(
            kind="str",
            description="digest of the pixels, only where a study has the SOPInstanceUID more than once",
            nullable=True,
        ),
    },
    key=("path",),
)
