"""Whether the place of the fan on the screen stands in for the heart when videos of a study are paired.

    python benchmarks/evidence/screens.py --vendor-screens tablet --method mi_simclr --pad 8 --steps 800

Draws the PLAX videos of 427 studies as masking leaves them (the fan on a vendor's screen of 240 x 320 px,
made 112 x 112, no text), pretrains the network of ``make study`` on 310 studies, and reads severe AS and LVH
off its representations by the logistic regression of ``linear_probe.py``, judged on the other 117. Several
vendor screens are dealt to the studies in turn, one to all videos of a study. Two minutes for 800 steps on
one core.
One run proves little: whether the valve is learned in 800 steps differs from seed to seed.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from linear_probe import TASKS, probe, representations

from echoclr_core.common.isolation import Job, WorkerError, run_isolated
from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.synthetic.plan.cohort import StudyPlan, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.render import ScanConverter
from echoclr_core.synthetic.rendering.video import make_video_spec, place_fan
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS
from echoclr_core.video.hull import sector_mask
from echoclr_core.video.scaling import FieldScaler, fitted_field
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX

FRAMES, SCREEN, SIZE, INPUT = 24, (240, 320), 112, 56
DRAW = "screens:draw_study"  # by the name under which another process imports this file
TRAINING = 310
LABELS = (16, 32, 64)
COHORT = SyntheticSettings(
    seed=11,
    development_studies=440,
    external_studies=0,
    view_studies=0,
    plax_videos=(3, 3),
    other_videos=(0, 0),
    frames=FRAMES,
    views=("plax", "a4c"),
)


def draw_study(vendor_screens: tuple[str, ...], fit: str, plan: StudyPlan) -> tuple[dict, list[np.ndarray]]:
    """Labels of a study and its PLAX videos, each (FRAMES, SIZE, SIZE) uint8; ``fit`` is ``mask.fit``."""
    anatomy = study_anatomy(COHORT, plan)
    height, width = SCREEN
    x0, y0, x1, y1 = VENDOR_SCREENS[vendor_screens[plan.number % len(vendor_screens)]].fan
    videos = []
    for video in plan.videos:
        if video.view != "plax":
            continue
        spec = make_video_spec(
            COHORT, anatomy, plan.number, video.number, "plax", FRAMES, COHORT.frame_rates[0]
        )
        box = (x0 * width, y0 * height, x1 * width, y1 * height)
        fan = place_fan(spec.acquisition.sector, box, spec.acquisition.cut)
        convert = ScanConverter(fan.sector, fan.apex, fan.scale, SCREEN, fan.cut)
        videos.append(_shrunk(np.stack([convert(polar) for _, polar in spec.polar()]), fit))
    labels = {"severe_as": anatomy.severe_stenosis, "lvh": anatomy.hypertrophy}
    return {"study_id": f"s{plan.number:04d}", **labels}, videos


def _shrunk(frames: np.ndarray, fit: str) -> np.ndarray:
    """(T, H, W) uint8 to (T, SIZE, SIZE), the whole screen or the square about the fan."""
    if fit == "frame":
        return np.stack([cv2.resize(each, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for each in frames])
    cut = FieldScaler(fitted_field(sector_mask(frames), SIZE), *SCREEN)
    return np.stack([cut(each) for each in frames])


def make_store(
    folder: Path, vendor_screens: tuple[str, ...], seed: int, workers: int, fit: str = "frame"
) -> tuple[ClipStore, pd.DataFrame]:
    """The clips of all studies and their labels with the set of each ("train" or "test")."""
    jobs = [Job(plan.number, (vendor_screens, fit, plan)) for plan in plan_studies(COHORT)]
    ended = {number: (state, value) for number, state, value in run_isolated(DRAW, jobs, workers=workers)}
    if failed := [(number, *end) for number, end in ended.items() if end[0] != "done"]:
        raise WorkerError(f"{len(failed)} studies were not drawn, the first of them: {failed[0]}")
    drawn = [study for _, (_, study) in sorted(ended.items()) if study[1]]
    rows, frames = [], []
    for labels, videos in drawn:
        for number, video in enumerate(videos):
            rows.append(
                {
                    "video_id": f"{labels['study_id']}_{number}",
                    "study_id": labels["study_id"],
                    "first": len(frames) * FRAMES,
                    "n_frames": FRAMES,
                    "fps": COHORT.frame_rates[0],
                    "sha256": hashlib.sha256(video.tobytes()).hexdigest(),
                }
            )
            frames.append(video)
    np.save(folder / "clips.npy", np.concatenate(frames))
    CLIP_INDEX.write(pd.DataFrame(rows), folder / "clips.parquet")
    studies = pd.DataFrame([labels for labels, _ in drawn])
    place = np.random.default_rng(seed).permutation(len(studies))
    studies["set"] = np.where(place < TRAINING, "train", "test")
    return ClipStore.open([folder / "clips.parquet"], [folder / "clips.npy"]), studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vendor-screens", nargs="+", choices=VENDOR_SCREENS, default=list(VENDOR_SCREENS))
    parser.add_argument("--method", choices=("simclr", "mi_simclr", "echoclr"), default="mi_simclr")
    parser.add_argument("--pad", type=int, default=8, help="largest shift of the augmentation, px of 112")
    parser.add_argument("--fit", choices=("frame", "sector"), default="frame", help="mask.fit")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0, help="of the pretraining and of who is judged by")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        screens = tuple(chosen.vendor_screens)
        store, studies = make_store(Path(folder), screens, chosen.seed, chosen.workers, chosen.fit)
        videos = store.index[["video_id", "study_id"]]
        training = studies.loc[studies["set"] == "train", "study_id"]
        result = pretrain(
            store,
            videos[videos["study_id"].isin(training)],
            EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1)),
            PretrainSettings(
                method=chosen.method,
                input_size=INPUT,
                batch_size=32,
                max_steps=chosen.steps,
                learning_rate=1e-3,
                schedule="cosine",
                temperature=0.1,
                seed=chosen.seed,
                augmentation=AugmentationOptions(pad=chosen.pad),
            ),
            state_dir=Path(folder) / "state",
            validation=videos[~videos["study_id"].isin(training)],
        )
        features = representations(result.encoder, store, videos, INPUT)
    for name in ("contrastive", "order"):
        share, chance = (result.run.get(f"validation_{name}_{kind}") for kind in ("accuracy", "chance"))
        if share is not None:
            print(f"{name}: {share:.3f} (chance {chance:.3f})")
    for task in TASKS:
        cells = "".join(f"{probe(features, studies, task, count):>7.3f}" for count in LABELS)
        print(f"{task:<11}{cells}   from {', '.join(map(str, LABELS))} labelled studies")


if __name__ == "__main__":
    main()
