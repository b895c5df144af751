"""The plan of the archive: who is examined when, which videos a study holds, what the report says."""

from bisect import bisect_left, insort
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import Anatomy, progress_disease
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import QUIRKS, TINY, SyntheticSettings

NO_RATE_SHARE = 0.03  # share of files that do not state their frame rate
_EVEN_ONLY = ("ybr_422", "h264")
# Deviations from the standard that only some encodings allow.
FITTING_QUIRKS = {
    "wrong_syntax": ("jpeg", "jpeg_full"),
    "no_meta": ("jpeg", "jpeg_full", "rgb", "rgb_planar", "mono", "palette"),
    "stray_delimiter": ("jpeg", "jpeg_full", "rgb", "rgb_planar", "mono", "palette"),
}
PARTS = ("development", "external", "views")


@dataclass(frozen=True, kw_only=True)
class VideoPlan:
    """One cine loop to be made.

    Parameters
    ----------
    number
        Position within the study, from 1.
    view
        One of ``LABELLED_VIEWS``.
    frames, frame_rate
        Length and true frames a second.
    encoding, rate_tag, quirk
        How the file is written.
    """

    number: int
    view: str
    frames: int
    frame_rate: float
    encoding: str
    rate_tag: str
    quirk: str = "none"


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """One examination.

    Parameters
    ----------
    number
        Position in the archive.
    part
        "development", "external" or "views".
    patient
        Number of the patient.
    years
        Since the patient's first study.
    date
        YYYYMMDD.
    accession
        AccessionNumber, the study's key.
    screen, layout
        (height, width) and name of the vendor's screen.
    videos
        Its cine loops.
    """

    number: int
    part: str
    patient: int
    years: float
    date: str
    accession: str
    screen: tuple[int, int]
    vendor_screen: str
    videos: tuple[VideoPlan, ...]


def plan_studies(settings: SyntheticSettings) -> list[StudyPlan]:
    """All studies of the archive, in order: development, external, views."""
    rng = generator(settings.seed, "plan")
    without_plax = _without_plax(settings)
    sizes = (settings.development_studies, settings.external_studies, settings.view_studies)
    years = (settings.development_years, settings.external_years, settings.development_years)
    first_dates: dict[int, date] = {}
    seen: list[tuple[date, int]] = []  # first dates, rising: who can have come before
    plans: list[StudyPlan] = []
    next_patient = 0
    for part, size, span in zip(PARTS, sizes, years, strict=True):
        labelled = part != "views"
        for _ in range(size):
            day = date(int(rng.integers(span[0], span[1] + 1)), 1, 1) + timedelta(int(rng.integers(365)))
            earlier = bisect_left(seen, (day, 0)) if labelled else 0
            if earlier and rng.random() < settings.repeat_share:
                patient = seen[int(rng.integers(earlier))][1]
            else:
                patient, next_patient = next_patient, next_patient + 1
                if labelled:
                    first_dates[patient] = day
                    insort(seen, (day, patient))
            since = (day - first_dates.get(patient, day)).days / 365.25
            plans.append(
                _plan_study(settings, len(plans), part, patient, since, day, len(plans) in without_plax)
            )
    return plans


def _without_plax(settings: SyntheticSettings) -> set[int]:
    """Numbers of the studies without PLAX: the stated share exactly, at least one if it is above 0."""
    labelled = settings.development_studies + settings.external_studies
    if labelled < 2 or not settings.without_plax or len(settings.views) < 2:
        return set()
    count = max(round(settings.without_plax * labelled), 1)
    return set(generator(settings.seed, "without plax").permutation(labelled)[:count].tolist())


def _plan_study(
    settings: SyntheticSettings,
    number: int,
    part: str,
    patient: int,
    years: float,
    day: date,
    without_plax: bool,
) -> StudyPlan:
    rng = generator(settings.seed, "study", number)
    screens = settings.screens if settings.pictures == "phantom" else (TINY,)
    screen = screens[int(rng.integers(len(screens)))]
    views = (
        _view_training_views(settings, number)
        if part == "views"
        else _labelled_views(settings, rng, without_plax)
    )
    return StudyPlan(
        number=number,
        part=part,
        patient=patient,
        years=years,
        date=day.strftime("%Y%m%d"),
        accession=_accession(rng, number, day.year),
        screen=(int(screen[0]), int(screen[1])),
        vendor_screen=settings.vendor_screens[int(rng.integers(len(settings.vendor_screens)))],
        videos=tuple(_plan_video(settings, rng, i + 1, view, part, screen) for i, view in enumerate(views)),
    )


def _labelled_views(settings: SyntheticSettings, rng: np.random.Generator, without_plax: bool) -> list[str]:
    low, high = settings.plax_videos
    count = 0 if without_plax else int(rng.integers(low, high + 1))
    others = [view for view in settings.views if view != "plax"]
    low, high = settings.other_videos
    extra = int(rng.integers(low, high + 1)) if others else 0
    if without_plax:  # a study holds at least one video
        extra = max(extra, 1)
    views = (
        ["plax"] * count + [others[i] for i in rng.integers(len(others), size=extra)]
        if extra
        else ["plax"] * count
    )
    return [views[i] for i in rng.permutation(len(views))]


def _view_training_views(settings: SyntheticSettings, number: int) -> list[str]:
    """Views dealt in turn, so that even few studies hold every view; "plax" twice a round."""
    deck = ["plax", *settings.views]
    start = number * settings.view_study_views
    return [deck[(start + i) % len(deck)] for i in range(settings.view_study_views)]


def _plan_video(
    settings: SyntheticSettings,
    rng: np.random.Generator,
    number: int,
    view: str,
    part: str,
    screen: tuple[int, int],
) -> VideoPlan:
    encoding = _encoding(settings, rng, view, screen)
    stated = [tag for tag in settings.rate_tags if tag != "none"]
    no_frame_rate = "none" in settings.rate_tags and (not stated or rng.random() < NO_RATE_SHARE)
    return VideoPlan(
        number=number,
        view=view,
        frames=settings.view_frames if part == "views" else settings.frames,
        frame_rate=float(settings.frame_rates[int(rng.integers(len(settings.frame_rates)))]),
        encoding=encoding,
        rate_tag="none" if no_frame_rate else stated[int(rng.integers(len(stated)))],
        quirk=_quirk(settings, rng, encoding),
    )


def _encoding(
    settings: SyntheticSettings, rng: np.random.Generator, view: str, screen: tuple[int, int]
) -> str:
    """An encoding that can hold the picture: colour where there is colour, even sizes where it needs them."""
    odd = screen[0] % 2 or screen[1] % 2
    fitting = [
        name
        for name in settings.encodings
        if not (name == "mono" and view == "plax_colour") and not (odd and name in _EVEN_ONLY)
    ] or ["rgb"]
    others = fitting[1:]
    if not others or rng.random() >= settings.other_encodings:
        return fitting[0]
    return others[int(rng.integers(len(others)))]


def _quirk(settings: SyntheticSettings, rng: np.random.Generator, encoding: str) -> str:
    if rng.random() >= settings.quirk_share:
        return "none"
    fitting = [
        quirk for quirk in QUIRKS[1:] if quirk not in FITTING_QUIRKS or encoding in FITTING_QUIRKS[quirk]
    ]
    return fitting[int(rng.integers(len(fitting)))]


def _accession(rng: np.random.Generator, number: int, year: int) -> str:
    """An accession number in one of the formats that archives mix; each value has at most 16 characters.

    Two values, as two orders for one examination leave them, are rare.
    """
    salt = int(rng.integers(10, 99))
    formats = (
        f"E{salt}{number:06d}",
        f"{year}-{salt}{number:05d}",
        f"00{salt}{number:06d}",
        f"ECH.{year}.{number:05d}",
        f"US {salt} {number:06d}",
    )
    several = f"{salt}{number:06d}\\{salt}{number:06d}B"
    return several if rng.random() < 0.04 else formats[int(rng.integers(len(formats)))]


def study_anatomy(settings: SyntheticSettings, plan: StudyPlan) -> Anatomy:
    """The heart as it is on the day of the study."""
    return progress_disease(make_patient(settings, plan.patient).anatomy, plan.years)


def grade(settings: SyntheticSettings, plan: StudyPlan, anatomy: Anatomy) -> str:
    """Grade of aortic stenosis as the report puts it, from the valve area; low flow goes by its own names."""
    if anatomy.severe_stenosis:
        rng = generator(settings.seed, "flow", plan.number)
        if rng.random() < settings.low_flow_share:
            return "Low gradient AS" if anatomy.shortening < 0.33 else "Paradoxical AS"
        return "Severe"
    return "Moderate" if anatomy.valve_area < 1.5 else "Mild" if anatomy.valve_area < 2.0 else "None"


def label_row(settings: SyntheticSettings, plan: StudyPlan) -> dict[str, object]:
    """One row of labels.csv; missing values are None."""
    patient = make_patient(settings, plan.patient)
    anatomy = progress_disease(patient.anatomy, plan.years)
    rng = generator(settings.seed, "report", plan.number)
    index_missing = rng.random() < settings.missing_index
    unmeasured = index_missing and rng.random() < 0.5
    ungraded = rng.random() < settings.missing_severity
    measured = {
        "ivsd": round(anatomy.septum, 2),
        "lvidd": round(anatomy.lvidd, 2),
        "pwtd": round(anatomy.posterior_wall, 2),
    }
    return {
        "study_key": plan.accession,
        "patient_key": patient.identifier,
        "study_date": f"{plan.date[:4]}-{plan.date[4:6]}-{plan.date[6:]}",
        "sex": anatomy.sex,
        "as_severity": None if ungraded else grade(settings, plan, anatomy),
        "lv_mass_index": None if index_missing else round(anatomy.mass_index, 1),
        "age": patient.age(plan.date),
        "race": patient.race,
        "ethnicity": "Hispanic" if patient.hispanic else "Not Hispanic",
        "height": anatomy.height,
        "weight": anatomy.weight,
        "bsa": round(anatomy.body_surface, 2),
        **dict.fromkeys(measured, None),
        **({} if unmeasured else measured),
        "heart_rate": round(anatomy.heart_rate),
        "ejection_fraction": round(100 * (1 - (1 - anatomy.shortening) ** 2.2)),
        "valve_area": round(anatomy.valve_area, 2),
    }


def label_table(settings: SyntheticSettings, plans: list[StudyPlan]) -> pd.DataFrame:
    """labels.csv: one row a study of the development and external parts."""
    return pd.DataFrame([label_row(settings, plan) for plan in plans if plan.part != "views"])
