"""What the header of a file says, by allow-list, in two halves: whose the file is, and what it is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Header values that identify a person: for `restricted/` only. A process that decodes pixels has none.

    Parameters
    ----------
    study_key
        Value of the keyword that names the study, several values joined by a backslash in file order; or the
        name of the folder that holds the file.
    patient_key
        PatientID.
    patient_issuer
        IssuerOfPatientID: the authority within which PatientID names one person.
    study_date
        StudyDate as YYYYMMDD.
    study_uid
        StudyInstanceUID.
    sop_uid
        SOPInstanceUID.
    """

    study_key: str | None = None
    patient_key: str | None = None
    patient_issuer: str | None = None
    study_date: str | None = None
    study_uid: str | None = None
    sop_uid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Description:
    """Header values that describe the images. Free text among them: see ``deidentify.header_allowlist``.

    Parameters
    ----------
    manufacturer, model
        Manufacturer and ManufacturerModelName.
    transfer_syntax
        Transfer Syntax UID as declared; None where the file has no file meta information.
    photometric
        PhotometricInterpretation as declared, in capitals.
    frames_declared
        NumberOfFrames; None where it is missing, empty or no number.
    """

    manufacturer: str | None = None
    model: str | None = None
    transfer_syntax: str | None = None
    photometric: str | None = None
    frames_declared: int | None = None


@dataclass(frozen=True, kw_only=True)
class Header(Identity, Description):
    """Both halves."""
