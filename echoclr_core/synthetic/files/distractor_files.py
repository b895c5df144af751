"""Distractor files: what an archive's folders hold besides readable cine loops."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from echoclr_core.common.randomness import generator
from echoclr_core.common.tables import Column, Table
from echoclr_core.synthetic.files.dicom_writer import (
    DIRECTORY,
    MULTI_FRAME,
    REPORT,
    base_dataset,
    save,
    set_rate,
    set_region,
    still_dataset,
)
from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.folders import study_folder, video_identity
from echoclr_core.synthetic.files.misleading import DAMAGED, OTHER_IMAGES, make_other_image
from echoclr_core.synthetic.plan.cohort import StudyPlan, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.stills import m_mode, spectral_doppler
from echoclr_core.synthetic.rendering.video import make_video_spec, screen_video
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS

DISTRACTOR_FILES = Table(
    "distractor files",
    {
        "path": Column(kind="str", description="path below dicom/"),
        "kind": Column(kind="str", description="what was written"),
        "outcome": Column(kind="str", description="what becomes of such a file"),
    },
    key=("path",),
)
"""Schema of distractor_files.parquet: the files beside the loops of the truth, and the outcome of each."""

# Instance numbers of distractor files start here: above those of any study's cine loops.
_FIRST = 900


def write_stills(root: Path, settings: SyntheticSettings, plan: StudyPlan) -> list[dict[str, str]]:
    """The single pictures of one study, a share of studies having one or two; DISTRACTOR_FILES rows."""
    rng = generator(settings.seed, "stills", plan.number)
    if plan.part == "views" or rng.random() >= settings.still_share:
        return []
    kinds = ("spectral_doppler", "m_mode") if rng.random() < 0.4 else ("spectral_doppler",)
    return [_write_still(root, settings, plan, kind, 800 + i) for i, kind in enumerate(kinds)]


def _write_still(
    root: Path, settings: SyntheticSettings, plan: StudyPlan, kind: str, number: int
) -> dict[str, str]:
    picture, box = _still_picture(settings, plan, kind, number)
    identity = video_identity(settings, plan, make_patient(settings, plan.patient), number)
    dataset = still_dataset(identity, picture, box, spectral=kind == "spectral_doppler")
    path = study_folder(plan) / f"IM_{number:04d}"
    save(dataset, root / path)
    return {"path": str(path), "kind": kind, "outcome": "single_frame"}


def _still_picture(
    settings: SyntheticSettings, plan: StudyPlan, kind: str, number: int
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """(H, W, 3) uint8 and the box of the trace on it."""
    height, width = plan.screen
    anatomy = study_anatomy(settings, plan)
    x0, y0, x1, y1 = VENDOR_SCREENS[plan.vendor_screen].fan
    box = (round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height))
    size = (box[3] - box[1], box[2] - box[0])
    if settings.pictures == "tiny":
        return np.full((height, width, 3), 90, np.uint8), (0, 0, width - 1, height - 1)
    if kind == "m_mode":
        trace = m_mode(make_video_spec(settings, anatomy, plan.number, number, "plax", 64, 25.0), size)
    else:
        trace = spectral_doppler(anatomy, size, generator(settings.seed, "spectral", plan.number))
    picture = np.zeros((height, width, 3), np.uint8)
    picture[box[1] : box[3], box[0] : box[2]] = trace[..., None]
    return picture, (box[0], box[1], box[2] - 1, box[3] - 1)


def write_distractors(
    root: Path, settings: SyntheticSettings, plans: list[StudyPlan]
) -> list[dict[str, str]]:
    """Write one distractor file of each kind somewhere in the tree at ``root``; DISTRACTOR_FILES rows.

    The cine loops they are made from must be there already.
    """
    labelled = [plan for plan in plans if plan.part != "views"] or plans
    if not labelled:
        return []
    rng = generator(settings.seed, "strays")
    writers = {
        "text": (_text, "not_dicom"),
        "pdf": (_pdf, "not_dicom"),
        "gzip": (_gzip, "not_dicom"),
        "report": (_report, "no_pixels"),
        "header_only": (_header_only, "no_pixels"),
        "directory": (_directory, "no_pixels"),
        "frames_not_a_number": (_frames_not_a_number, "corrupt"),
        "unreadable_syntax": (_unreadable_syntax, "unsupported_syntax"),
        "truncated": (_truncated, "truncated"),
        "overstated": (_overstated, "truncated"),
        "blank": (_blank, "blank"),
        "duplicate": (_duplicate, "duplicate"),
        "no_accession": (_no_accession, "no_study_key"),
        "spectral_sweep": (_spectral_sweep, "spectral_doppler_or_mmode"),
        **{kind: (partial(_other_image, kind), "not_ultrasound_cine") for kind in OTHER_IMAGES},
        **{kind: (partial(_damaged, damage), outcome) for kind, (damage, outcome) in DAMAGED.items()},
    }
    rows = []
    for index, (kind, (write, outcome)) in enumerate(writers.items()):
        plan = labelled[int(rng.integers(len(labelled)))]
        path = write(root, settings, plan, _FIRST + index)
        rows.append({"path": str(path), "kind": kind, "outcome": outcome})
    return rows


def distractor_table(rows: list[dict[str, str]]) -> pd.DataFrame:
    """The rows as a checked table, sorted by path."""
    if not rows:
        return DISTRACTOR_FILES.empty()
    return DISTRACTOR_FILES.check(pd.DataFrame(rows).sort_values("path", ignore_index=True))


def _bytes(root: Path, path: Path, content: bytes) -> Path:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    return path


def _text(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    return _bytes(root, Path("index.txt"), b"exported by the archive; do not edit\n")


def _pdf(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    body = b"%PDF-1.4\n% the report of a study, not its pictures\n%%EOF\n"
    return _bytes(root, study_folder(plan) / "report.pdf", body)


def _gzip(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    return _bytes(root, study_folder(plan) / "series.gz", gzip.compress(b"old index\n" * 20, mtime=0))


def _dataset(settings: SyntheticSettings, plan: StudyPlan, number: int, sop_class: str) -> Dataset:
    identity = video_identity(settings, plan, make_patient(settings, plan.patient), number)
    return base_dataset(identity, sop_class=sop_class)


def _report(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    dataset = _dataset(settings, plan, number, REPORT)
    dataset.Modality = "SR"
    dataset.ValueType = "CONTAINER"
    return _saved(dataset, root, plan, number)


def _directory(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """The index that media carry."""
    path = Path("DICOMDIR")
    save(_dataset(settings, plan, number, DIRECTORY), root / path)
    return path


def _header(settings: SyntheticSettings, plan: StudyPlan, number: int) -> Dataset:
    dataset = _dataset(settings, plan, number, MULTI_FRAME)
    dataset.Rows, dataset.Columns = plan.screen
    dataset.NumberOfFrames = settings.frames
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    return dataset


def _header_only(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    return _saved(_header(settings, plan, number), root, plan, number)


def _cine(
    settings: SyntheticSettings, plan: StudyPlan, number: int, frames: np.ndarray, *, spectral: bool = False
) -> Dataset:
    dataset = _dataset(settings, plan, number, MULTI_FRAME)
    set_rate(dataset, "time", 30.0, len(frames))
    if spectral:
        set_region(dataset, (2, 2, plan.screen[1] - 3, plan.screen[0] - 3), data_type=3)
    set_pixels(dataset, frames, encoding="jpeg", jpeg_quality=settings.jpeg_quality)
    return dataset


def _first_cine(settings: SyntheticSettings, plan: StudyPlan) -> np.ndarray:
    """The study's first cine loop, drawn again: (T, H, W, 3) uint8."""
    patient = make_patient(settings, plan.patient)
    return screen_video(settings, plan, plan.videos[0], patient, study_anatomy(settings, plan)).frames


def _saved(dataset: Dataset, root: Path, plan: StudyPlan, number: int) -> Path:
    path = study_folder(plan) / f"IM_{number:04d}"
    save(dataset, root / path)
    return path


def _truncated(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """A cine loop that the transfer cut off at 60 %."""
    path = _saved(_cine(settings, plan, number, _first_cine(settings, plan)), root, plan, number)
    content = (root / path).read_bytes()
    (root / path).write_bytes(content[: int(0.6 * len(content))])
    return path


def _overstated(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """A header that promises more frames than there are."""
    dataset = _cine(settings, plan, number, _first_cine(settings, plan))
    dataset.NumberOfFrames = 2 * int(dataset.NumberOfFrames)
    return _saved(dataset, root, plan, number)


def _frames_not_a_number(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    dataset = _cine(settings, plan, number, _first_cine(settings, plan))
    path = _saved(dataset, root, plan, number)
    element = b"\x28\x00\x08\x00IS"
    content = (root / path).read_bytes()
    at = content.index(element) + len(element) + 2
    return _bytes(root, path, content[:at] + b"??" + content[at + 2 :])


def _unreadable_syntax(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """Pixels that only a server would send (JPIP)."""
    dataset = _header(settings, plan, number)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.94"
    dataset.PixelData = encapsulate([b"https://server.invalid/frames\0"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return _saved(dataset, root, plan, number)


def _other_image(kind: str, root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    dataset = _dataset(settings, plan, number, MULTI_FRAME)
    make_other_image(dataset, _first_cine(settings, plan), kind)
    return _saved(dataset, root, plan, number)


def _damaged(
    damage: Callable[[Dataset, np.ndarray], None],
    root: Path,
    settings: SyntheticSettings,
    plan: StudyPlan,
    number: int,
) -> Path:
    dataset = _dataset(settings, plan, number, MULTI_FRAME)
    set_rate(dataset, "time", 30.0, settings.frames)
    damage(dataset, _first_cine(settings, plan))
    return _saved(dataset, root, plan, number)


def _blank(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    frames = np.zeros((settings.frames, *plan.screen, 3), np.uint8)
    return _saved(_cine(settings, plan, number, frames), root, plan, number)


def _duplicate(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """The same instance under a second path, late in the sorted tree so that it is the one dropped."""
    source = sorted((root / study_folder(plan)).glob("*001*"))[0]
    return _bytes(root, Path("resent") / f"copy_{number}.dcm", source.read_bytes())


def _no_accession(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    dataset = _cine(settings, plan, number, _first_cine(settings, plan))
    dataset.AccessionNumber = ""
    return _saved(dataset, root, plan, number)


def _spectral_sweep(root: Path, settings: SyntheticSettings, plan: StudyPlan, number: int) -> Path:
    """A spectral trace that scrolls, stored as a cine loop."""
    if settings.pictures == "tiny":
        frames = _first_cine(settings, plan)
        return _saved(_cine(settings, plan, number, frames, spectral=True), root, plan, number)
    rng = generator(settings.seed, "sweep")
    anatomy = study_anatomy(settings, plan)
    sweep = spectral_doppler(anatomy, (plan.screen[0], 2 * plan.screen[1]), rng)
    width = plan.screen[1]
    frames = np.stack([sweep[:, 8 * i : 8 * i + width] for i in range(min(settings.frames, width // 8))])
    dataset = _cine(settings, plan, number, np.repeat(frames[..., None], 3, -1), spectral=True)
    return _saved(dataset, root, plan, number)
