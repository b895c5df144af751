"""Write DICOM loops of the phantom with names typed into the sector, and a key of what stands where.

A run that was stopped goes on where it was: a loop whose truth is written is not made again.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from benchmarks.deidentification.names import NAMES, fonts, scripts, typeset
from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.files.dicom_writer import base_dataset, save, set_rate
from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.folders import video_identity
from echoclr_core.synthetic.plan.cohort import StudyPlan, VideoPlan, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import screen_video

MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
SCREENS = (
    (240, 320),
    (300, 400),
    (480, 640),
)  # small, so that thousands of loops are made and run in an hour
KEY = (
    "file",
    "screen",
    "encoding",
    "height",
    "width",
    "frames",
    "script",
    "size",
    "grey",
    "motion",
    "first",
    "last",
)
EMPTY = 0.2  # share of loops without a name
MOTIONS = ("still", "still", "still", "drift", "shake")  # drawn with equal chance
GREYS = (255, 255, 230, 200, 170)
SIZES = (0.025, 0.06)  # of the screen's height; at least 12 pixels
MOMENT = 0.25  # share of names shown in a part of the loop only


def place_inside(
    rng: np.random.Generator, mask: np.ndarray, height: int, width: int
) -> tuple[int, int] | None:
    """x and y of a place where a box of so many pixels lies within a mask (H, W) bool; None if none does."""
    if height >= mask.shape[0] or width >= mask.shape[1]:
        return None
    sums = cv2.integral(mask.astype(np.uint8))
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    rows, columns = np.nonzero(inside == height * width)
    if not len(rows):
        return None
    chosen = int(rng.integers(len(rows)))
    return int(columns[chosen]), int(rows[chosen])


def plant(rng: np.random.Generator, frames: np.ndarray, mask: np.ndarray) -> dict:
    """Type a name into frames (T, H, W, 3) uint8, in place; what was typed, or {} where it has no room."""
    script = str(rng.choice(scripts()))
    text, font = rng.choice(NAMES[script][1]), fonts(script)[int(rng.integers(len(fonts(script))))]
    size = max(12, round(rng.uniform(*SIZES) * mask.shape[0]))
    coverage = typeset(str(text), font, size)
    place = place_inside(rng, mask, *coverage.shape)
    if place is None:
        return {}
    motion, grey = str(rng.choice(MOTIONS)), int(rng.choice(GREYS))
    count = len(frames)
    places = np.tile(np.float64(place), (count, 1))
    if motion == "drift":
        angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 3)
        steps = (np.arange(count) - (count - 1) / 2)[:, None]
        places += speed * steps * (np.cos(angle), np.sin(angle))
    elif motion == "shake":
        places += rng.uniform(-3, 3, (count, 2))
    room = np.subtract(mask.shape[::-1], coverage.shape[::-1])
    places = np.clip(places, 0, room - 1)
    first, last = 0, count - 1
    if rng.random() < MOMENT:
        first = int(rng.integers(count - 1))
        last = min(count - 1, first + int(rng.integers(count // 2)))
    places[:first], places[last + 1 :] = np.nan, np.nan
    for frame, (x, y) in zip(frames[first : last + 1], places[first : last + 1], strict=True):
        share = (
            cv2.warpAffine(coverage, np.float32([[1, 0, x], [0, 1, y]]), mask.shape[::-1])[..., None] / 255.0
        )
        frame[:] = np.round(frame * (1 - share) + grey * share)
    typed = {"script": script, "size": size, "grey": grey, "motion": motion, "first": first, "last": last}
    return typed | {"coverage": coverage, "places": places}


def loop_name(plan: StudyPlan, video: VideoPlan) -> str:
    """Name of a loop's files, without suffix."""
    return f"{plan.number:05d}_{video.number:02d}"


def write_loop(out: Path, settings: SyntheticSettings, plan: StudyPlan, video: VideoPlan) -> dict:
    """Write one loop and its truth, or read what was written before; its row of the key."""
    name = loop_name(plan, video)
    truth_file = out / "truth" / f"{name}.npz"
    if truth_file.exists():
        with np.load(truth_file) as truth:
            return json.loads(str(truth["row"]))
    patient, anatomy = make_patient(settings, plan.patient), study_anatomy(settings, plan)
    drawn = screen_video(settings, plan, video, patient, anatomy)
    rng = generator(settings.seed, "planted", plan.number, video.number)
    frames, typed = drawn.frames.copy(), {}
    if rng.random() >= EMPTY:
        typed = plant(rng, frames, drawn.mask)
    dataset = base_dataset(video_identity(settings, plan, patient, video.number), sop_class=MULTI_FRAME)
    set_rate(dataset, "time", video.frame_rate, video.frames)
    set_pixels(dataset, frames, encoding=video.encoding, jpeg_quality=settings.jpeg_quality)
    save(dataset, out / "dicom" / f"{name}.dcm")
    truth = {"sector": drawn.mask, "grey": typed.get("grey", 0)}
    truth["coverage"] = typed.pop("coverage", np.zeros((0, 0), np.uint8))
    truth["places"] = typed.pop("places", np.full((len(frames), 2), np.nan))
    count, height, width = frames.shape[:3]
    row = {"file": name, "screen": plan.vendor_screen, "encoding": video.encoding}
    row |= {"height": height, "width": width, "frames": count, **typed}
    unfinished = truth_file.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez_compressed(file, **truth, row=json.dumps(row))
    unfinished.rename(truth_file)
    return row


def settings_for(loops: int, seed: int, frames: int) -> SyntheticSettings:
    """An archive of at least so many loops; layouts, encodings and screens vary, nothing else is typed."""
    return SyntheticSettings(
        seed=seed,
        development_studies=loops // 3 + 1,
        external_studies=0,
        view_studies=0,
        plax_videos=(1, 2),
        other_videos=(2, 3),
        frames=frames,
        screens=SCREENS,
        edge_text_share=0.0,
        inside_text_share=0.0,
        distractor_files=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    if missing := sorted(set(NAMES) - set(scripts())):
        print(f"no font for: {', '.join(missing)}")
    for folder in ("dicom", "truth"):
        (chosen.out / folder).mkdir(parents=True, exist_ok=True)
    settings = settings_for(chosen.loops, chosen.seed, chosen.frames)
    jobs = [(plan, replace(video, quirk="none")) for plan in plan_studies(settings) for video in plan.videos][
        : chosen.loops
    ]
    with ProcessPoolExecutor(chosen.workers, get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        rows = list(
            pool.map(partial(write_loop, chosen.out, settings), *zip(*jobs, strict=True), chunksize=4)
        )
    table = (
        pd.DataFrame(rows).reindex(columns=KEY).convert_dtypes()
    )  # with no name at all the columns are empty
    table.to_csv(chosen.out / "key.csv", index=False)
    print(f"{len(table)} loops, {int(table['script'].notna().sum())} with a name")


if __name__ == "__main__":
    main()
