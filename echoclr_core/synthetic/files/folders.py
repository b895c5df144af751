"""Where a study's files stand in the tree, and whose they are."""

from pathlib import Path

from echoclr_core.synthetic.files.dicom_writer import Identity, make_uid
from echoclr_core.synthetic.plan.cohort import StudyPlan
from echoclr_core.synthetic.plan.patients import Patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS


def study_folder(plan: StudyPlan) -> Path:
    """Folder of a study below the tree's root: the year, then a name that is not the study's key."""
    return Path(plan.date[:4]) / f"exam_{plan.number:05d}"


def video_identity(settings: SyntheticSettings, plan: StudyPlan, patient: Patient, number: int) -> Identity:
    """Header values of file ``number`` of a study."""
    vendor_screen = VENDOR_SCREENS[plan.vendor_screen]
    return Identity(
        sop_uid=make_uid("synthetic", settings.seed, plan.number, "instance", number),
        study_uid=make_uid("synthetic", settings.seed, plan.number, "study"),
        series_uid=make_uid("synthetic", settings.seed, plan.number, "series"),
        accession=plan.accession,
        patient_id=patient.identifier,
        patient_name=patient.name,
        birth_date=patient.birth_date,
        sex=patient.anatomy.sex,
        date=plan.date,
        manufacturer=vendor_screen.manufacturer,
        model=vendor_screen.model,
        instance=number,
        character_set=patient.character_set,
    )
