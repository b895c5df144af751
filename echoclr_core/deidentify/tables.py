"""The tables of this room that leave the restricted folder."""

from echoclr_core.common.tables import Column, Table
from echoclr_core.deidentify.identifiers.header_allowlist import FIXED_WORDS
from echoclr_core.dicom.outcomes import OUTCOMES

SOURCE_FILES = Table(
    "source files",
    {
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "study_uid_id": Column(kind="str", description="pseudonym of the StudyInstanceUID", nullable=True),
        "patient_id": Column(
            kind="str",
            description="pseudonym of the PatientID and its issuer",
            nullable=True,
        ),
        "unissued_patient_id": Column(
            kind="str",
            description="pseudonym of the PatientID alone, only where it has an issuer",
            nullable=True,
        ),
        "study_year": Column(kind="int", description="year of the study", nullable=True, low=1900, high=2199),
        "outcome": Column(
            kind="str",
            description="what became of the file; a video was written if it is ok",
            allowed=OUTCOMES,
        ),
        "decision": Column(
            kind="str",
            description="what a person decided: the video was accepted, rejected or masked by hand "
            "(corrected), or the decision was made on other content (stale); missing where nobody decided",
            nullable=True,
            allowed=("accepted", "rejected", "corrected", "stale"),
        ),
        "n_frames": Column(kind="int", description="frames written", nullable=True, low=1),
        "frames_declared": Column(kind="int", description="NumberOfFrames of the header", nullable=True),
        "fps": Column(kind="float", description="frames per second", nullable=True, low=0),
        "fps_source": Column(
            kind="str",
            description="where the frame rate comes from",
            nullable=True,
            allowed=FIXED_WORDS["fps_source"],
        ),
        "height": Column(kind="int", description="rows, pixels", nullable=True, low=1),
        "width": Column(kind="int", description="columns, pixels", nullable=True, low=1),
        "manufacturer": Column(
            kind="str",
            description="known vendor, or other",
            nullable=True,
            allowed=FIXED_WORDS["manufacturer"],
        ),
        "model": Column(
            kind="str", description="known model, or other", nullable=True, allowed=FIXED_WORDS["model"]
        ),
        "transfer_syntax": Column(kind="str", description="transfer syntax UID, or other", nullable=True),
        "photometric": Column(
            kind="str",
            description="photometric interpretation",
            nullable=True,
            allowed=FIXED_WORDS["photometric"],
        ),
        "kept_fraction": Column(
            kind="float", description="share of the frame inside the mask", nullable=True, low=0, high=1
        ),
        "active_fraction": Column(
            kind="float",
            description="mean activity over time inside the fitted sector; below 0.25 none is believed",
            nullable=True,
            low=0,
            high=1,
        ),
        "coverage": Column(
            kind="float",
            description="share of the activity that the fitted sector holds; below 0.9 none is believed",
            nullable=True,
            low=0,
            high=1,
        ),
        "windows": Column(
            kind="int",
            description="ultrasound windows on the screen, the kept one included",
            nullable=True,
            low=1,
        ),
        "window_kept": Column(
            kind="str",
            description="of several windows, which one was kept",
            nullable=True,
            allowed=FIXED_WORDS["window_kept"],
        ),
        "text_lines": Column(
            kind="int", description="lines of text cut out of the mask", nullable=True, low=0
        ),
        "colour_share": Column(
            kind="float",
            description="share of strongly coloured pixels inside the mask",
            nullable=True,
            low=0,
            high=1,
        ),
        "mm_per_pixel_x": Column(
            kind="float",
            description="width of a pixel, mm, from the region tag that holds the sector",
            nullable=True,
            low=0,
        ),
        "mm_per_pixel_y": Column(
            kind="float", description="height of a pixel, mm, likewise", nullable=True, low=0
        ),
        "sha256": Column(kind="str", description="SHA-256 of the written video", nullable=True),
        "bytes": Column(kind="int", description="size of the written video", nullable=True, low=0),
    },
    key=("video_id",),
)

AUDIT = Table(
    "audit",
    {
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "outcome": Column(
            kind="str",
            description="what the audit found: clean, lit outside the mask, an identifier of the source "
            "file, text, or not readable",
            allowed=("clean", "lit_outside", "leak", "text", "unreadable"),
        ),
        "n_frames": Column(kind="int", description="frames read back", low=0),
        "outside_pixels": Column(
            kind="int", description="pixels outside the mask that are not 0, over all frames read", low=0
        ),
        "outside_energy": Column(
            kind="float", description="mean square grey value outside the mask", nullable=True, low=0
        ),
        "leaks": Column(
            kind="int",
            description="identifiers of the source file found in the bytes of video and mask or in their row",
            low=0,
        ),
        "leak_places": Column(
            kind="list", description="kind of each found identifier and where it was found, without its value"
        ),
        "text_lines": Column(
            kind="int",
            description="lines of text, in whatever script, in the picture in which most are found",
            low=0,
        ),
        "text_share": Column(
            kind="float",
            description="share of the kept pixels in still, sharp strokes, as text has",
            nullable=True,
            low=0,
            high=1,
        ),
    },
    key=("video_id",),
)
