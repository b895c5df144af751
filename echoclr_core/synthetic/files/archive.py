"""Write the phantom archive: DICOM tree, label tables, ground truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.files import atomic_path
from echoclr_core.common.isolation import Job, WorkerError, run_isolated
from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.files.dicom_writer import MULTI_FRAME, base_dataset, save, set_rate, set_region
from echoclr_core.synthetic.files.distractor_files import (
    DISTRACTOR_FILES,
    distractor_table,
    write_distractors,
    write_stills,
)
from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.folders import study_folder, video_identity
from echoclr_core.synthetic.files.mixed_identities import write_mixed_identities
from echoclr_core.synthetic.files.truth import TRUTH, TRUTH_FRAMES, frame_rows, truth_row
from echoclr_core.synthetic.plan.cohort import StudyPlan, label_table, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import screen_video

Row = dict[str, object]
WRITE_STUDY = f"{__name__}:write_study"


@dataclass(frozen=True, kw_only=True)
class WrittenStudy:
    """What was written for one study: rows of TRUTH, TRUTH_FRAMES and DISTRACTOR_FILES (its stills)."""

    videos: list[Row]
    frames: list[Row]
    distractors: list[dict[str, str]]


def write_archive(
    root: str | Path,
    settings: SyntheticSettings,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Write a whole archive below ``root``; equal settings give equal bytes, whatever ``workers`` is.

    Parameters
    ----------
    root
        Gets ``dicom/`` (the tree), ``labels.csv`` (one row a labelled study; ``study_key`` is the
        AccessionNumber), ``view_labels.csv`` (columns ``video`` = SOPInstanceUID and ``view``; only the view
        studies), ``truth.parquet`` and ``truth_frames.parquet`` (schemas TRUTH and TRUTH_FRAMES) and
        ``distractor_files.parquet`` (schema DISTRACTOR_FILES), the last three not for training.
        It must be empty or not there.
    settings
        What to write.
    workers
        Processes.
    on_progress
        Called with (studies done, studies in all).

    Returns
    -------
    DataFrame
        The truth, one row a cine loop.

    Raises
    ------
    ValueError
        If ``root`` holds something: files of another archive would mix with this one's. If
        ``settings.mixed_identities`` finds fewer than four patients.
    """
    root = Path(root)
    if root.exists() and any(root.iterdir()):
        raise ValueError(f"{root}: not empty; an archive is written to a folder of its own")
    plans = plan_studies(settings)
    rows: list[Row] = []
    frames: list[Row] = []
    distractors: list[dict[str, str]] = []
    for done, study in enumerate(_written(root / "dicom", settings, plans, workers), start=1):
        rows += study.videos
        frames += study.frames
        distractors += study.distractors
        if on_progress:
            on_progress(done, len(plans))
    if settings.distractor_files:
        distractors += write_distractors(root / "dicom", settings, plans)
    if settings.mixed_identities:
        distractors += write_mixed_identities(root / "dicom", settings, plans)
    DISTRACTOR_FILES.write(distractor_table(distractors), root / "distractor_files.parquet")
    _write_csv(root / "labels.csv", label_table(settings, plans))
    return _write_truth(root, rows, frames)


def _write_truth(root: Path, rows: list[Row], frames: list[Row]) -> pd.DataFrame:
    """Write truth.parquet, truth_frames.parquet and view_labels.csv; return the first."""
    truth = TRUTH.check(pd.DataFrame(rows)) if rows else TRUTH.empty()
    views = truth.loc[truth["part"] == "views", ["sop_uid", "view"]]
    _write_csv(root / "view_labels.csv", views.rename(columns={"sop_uid": "video"}))
    TRUTH.write(truth, root / "truth.parquet")
    by_frame = pd.DataFrame(frames) if frames else TRUTH_FRAMES.empty()
    TRUTH_FRAMES.write(by_frame, root / "truth_frames.parquet")
    return truth


def _written(
    root: Path, settings: SyntheticSettings, plans: list[StudyPlan], workers: int
) -> Iterator[WrittenStudy]:
    """Rows of each study in the order of the plan, as the studies are finished."""
    if workers <= 1:
        yield from (write_study(root, settings, plan) for plan in plans)
        return
    jobs = [Job(number, (root, settings, plan)) for number, plan in enumerate(plans)]
    early: dict[int, WrittenStudy] = {}
    following = 0
    for number, state, value in run_isolated(WRITE_STUDY, jobs, workers=workers):
        if state != "done":
            raise WorkerError(f"study {number} of the synthetic archive was not written ({state}): {value}")
        early[number] = value
        while following in early:
            yield early.pop(following)
            following += 1


def write_study(root: Path, settings: SyntheticSettings, plan: StudyPlan) -> WrittenStudy:
    """Write one study's files below ``root``."""
    patient = make_patient(settings, plan.patient)
    anatomy = study_anatomy(settings, plan)
    rows, frames = [], []
    for video in plan.videos:
        drawn = screen_video(settings, plan, video, patient, anatomy)
        rng = generator(settings.seed, "file", plan.number, video.number)
        identity = video_identity(settings, plan, patient, video.number)
        dataset = base_dataset(identity, sop_class=MULTI_FRAME)
        set_rate(dataset, video.rate_tag, video.frame_rate, video.frames)
        if rng.random() < 0.8:
            stale = 1.86 if rng.random() < 0.1 else 1.0
            set_region(dataset, _bounds(drawn.mask), stale=stale, px_per_cm=drawn.fan.scale)
        if rng.random() < 0.3:
            dataset.BurnedInAnnotation = "NO" if rng.random() < 0.5 else "YES"
        set_pixels(dataset, drawn.frames, encoding=video.encoding, jpeg_quality=settings.jpeg_quality)
        name = (f"IM_{video.number:04d}", f"IM_{video.number:04d}.dcm", f"{video.number:03d}.ima")[
            int(rng.integers(3))
        ]
        path = study_folder(plan) / name
        save(dataset, root / path, quirk=video.quirk)
        rows.append(truth_row(plan, video, drawn, identity.sop_uid, str(path)))
        frames += frame_rows(drawn, identity.sop_uid)
    distractors = write_stills(root, settings, plan) if settings.distractor_files else []
    return WrittenStudy(videos=rows, frames=frames, distractors=distractors)


def _bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8")
