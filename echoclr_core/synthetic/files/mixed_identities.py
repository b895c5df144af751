"""Loops that mix up studies or files, as archives of several sites and careless devices leave them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.files.dicom_writer import MULTI_FRAME, base_dataset, save, set_rate
from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.folders import study_folder, video_identity
from echoclr_core.synthetic.plan.cohort import StudyPlan, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import screen_video

ISSUER = "Northern Site"
_FIRST = 950  # number of the first such loop in its study: above those of loops, stills and distractor files


def write_mixed_identities(
    root: Path, settings: SyntheticSettings, plans: Sequence[StudyPlan]
) -> list[dict[str, str]]:
    """Write further loops of studies at ``root``, readable all of them; DISTRACTOR_FILES rows.

    shared_study_key: a loop of one patient under another patient's study key, as where two sites number
    alike. shared_uid: a loop with the SOPInstanceUID of another patient's loop, as a device without a clock
    writes it. issuer: a loop that names the issuer of its PatientID, which the study's other loops do not.
    trailing_blank: two loops without UID whose paths differ in a blank at the end.

    Raises
    ------
    ValueError
        The labelled studies are not of four patients or more.
    """
    owner, stranger, twin, plain = _studies_of_four_patients(settings, plans)
    uid = video_identity(settings, twin, make_patient(settings, twin.patient), 1).sop_uid
    path = study_folder(plain) / f"IM_{_FIRST + 3:04d}"
    written = {
        "shared_study_key": [_write(root, settings, stranger, 0, accession=owner.accession)],
        "shared_uid": [_write(root, settings, stranger, 1, sop_uid=uid)],
        "issuer": [_write(root, settings, twin, 2, issuer=ISSUER)],
        "trailing_blank": [
            _write(root, settings, plain, 3, sop_uid="", path=path),
            _write(root, settings, plain, 4, sop_uid="", path=path.with_name(f"{path.name} ")),
        ],
    }
    return [
        {"path": str(path), "kind": kind, "outcome": "ok"}
        for kind, paths in written.items()
        for path in paths
    ]


def _studies_of_four_patients(settings: SyntheticSettings, plans: Sequence[StudyPlan]) -> list[StudyPlan]:
    first = {plan.patient: plan for plan in reversed(plans) if plan.part != "views"}
    if len(first) < 4:
        raise ValueError(
            f"SyntheticSettings.mixed_identities: the labelled studies are of {len(first)} patients; "
            "allowed: 4 or more"
        )
    order = generator(settings.seed, "mixed identities").permutation(sorted(first))[:4]
    return [first[int(patient)] for patient in order]


def _write(
    root: Path,
    settings: SyntheticSettings,
    plan: StudyPlan,
    offset: int,
    *,
    issuer: str | None = None,
    path: Path | None = None,
    **changed: str,
) -> Path:
    """Write the study's first loop under a number of its own, with other values of its Identity."""
    patient, number = make_patient(settings, plan.patient), _FIRST + offset
    identity = replace(video_identity(settings, plan, patient, number), **changed)
    drawn = screen_video(
        settings, plan, replace(plan.videos[0], number=number), patient, study_anatomy(settings, plan)
    )
    dataset = base_dataset(identity, sop_class=MULTI_FRAME)
    set_rate(dataset, "time", plan.videos[0].frame_rate, len(drawn.frames))
    if issuer:
        dataset.IssuerOfPatientID = issuer
    set_pixels(dataset, drawn.frames, encoding="jpeg", jpeg_quality=settings.jpeg_quality)
    path = path or study_folder(plan) / f"IM_{number:04d}"
    # A file format asks for a UID, so that a loop without one is written without its file meta.
    save(dataset, root / path, quirk="none" if identity.sop_uid else "no_meta")
    return path
