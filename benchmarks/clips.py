"""Clips a second on one thread: this repository, the published way, and bare memory reads, in one run.

Each way makes the same thing: batches of augmented clips of 4 frames, 112x112 grey, from videos of 80
frames. The published way is written here from its description (decode the whole AVI, cut, pad by 8 and crop,
flip, rotate each frame by cubic splines on three equal channels, scale to [0, 1]). Bare reads copy random
clips out of the memory map and nothing else: the limit of the machine.

    python benchmarks/clips.py [--seconds 1.2]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries start their threads

import cv2
import numpy as np
import pandas as pd
import scipy.ndimage
import torch
from recording import record

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.randomness import generator
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.video.augmentation import augment, draw, normalise
from echoclr_core.video.sampling import clip_start
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store

VIDEOS, FRAMES, SIZE, LENGTH, BATCH, ROUNDS = 48, 80, 112, 4, 32, 6


def make_videos(folder: Path) -> pd.DataFrame:
    """Speckled fans as <video_id>.avi (FFV1) and <video_id>.mjpeg.avi; their MASKED_VIDEOS rows."""
    fan = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(fan, (SIZE // 2, 0), (SIZE - 4, SIZE - 4), 90, -40, 40, 1, -1)
    rows = []
    for number in range(VIDEOS):
        rng = generator(0, "video", number)
        noise = rng.normal(0, 1, (FRAMES, SIZE, SIZE)).astype(np.float32)
        speckle = [cv2.GaussianBlur(frame, (0, 0), 1.2) * 130 + 80 for frame in noise]
        frames = np.stack(speckle).clip(1, 255).astype(np.uint8) * fan
        path = folder / f"v_{number:03d}.avi"
        write_avi(path, frames, 30)
        write_avi(path.with_suffix(".mjpeg.avi"), frames, 30, "mjpeg")
        rows.append((path.stem, f"s_{number // 3}", "ok", FRAMES, 30.0, file_digest(path)))
    return pd.DataFrame(rows, columns=["video_id", "study_id", "outcome", "n_frames", "fps", "sha256"])


def ours(store: ClipStore, ids: list[str], step: int) -> torch.Tensor:
    """One batch: sample, read, augment, normalise, collate."""
    settings, starts, draws = AugmentationOptions(), [], []
    for video_id in ids:
        rng = generator(0, "clip", step, video_id)
        starts.append(clip_start(store.n_frames(video_id), LENGTH, rng))
        draws.append(draw(settings, rng))
    clips = torch.from_numpy(store.clips(ids, starts, LENGTH))
    return normalise(augment(clips, np.stack(draws)))


def published(folder: Path, ids: list[str], step: int) -> torch.Tensor:
    """One batch the published way, clip by clip."""
    return torch.stack(
        [published_clip(folder / f"{name}.mjpeg.avi", generator(0, step, name)) for name in ids]
    )


def published_clip(path: Path, rng: np.random.Generator) -> torch.Tensor:
    """(3, T, H, W) float32 in [0, 1]."""
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        found, frame = capture.read()
        if not found:
            break
        frames.append(frame)
    video = np.stack(frames)  # (80, H, W, 3)
    start = rng.integers(0, len(video) - LENGTH + 1)
    clip = video[start : start + LENGTH]
    padded = np.pad(clip, ((0, 0), (8, 8), (8, 8), (0, 0)))
    top, left = rng.integers(0, 17, size=2)
    clip = padded[:, top : top + SIZE, left : left + SIZE]
    if rng.random() < 0.5:
        clip = clip[:, :, ::-1]
    if rng.random() < 0.5:
        angle = rng.uniform(-10, 10)
        clip = np.stack([scipy.ndimage.rotate(frame, angle, reshape=False, order=3) for frame in clip])
    clip = clip.astype(np.float32)
    clip = (clip - clip.min()) / (clip.max() - clip.min())
    return torch.from_numpy(np.ascontiguousarray(clip.transpose(3, 0, 1, 2)))


def bare_reads(store: ClipStore, ids: list[str], starts: np.ndarray) -> np.ndarray:
    """Copy the clips' bytes out of the map; the starts were drawn before."""
    return store.clips(ids, starts, LENGTH)


def rate(make_batch: Callable[[int], object], seconds: float) -> float:
    """Clips a second of processor time (what one free core would do, on a busy machine too)."""
    began, step = time.process_time(), 0
    while (spent := time.process_time() - began) < seconds or step == 0:
        make_batch(step)
        step += 1
    return step * BATCH / spent


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """Clips a second by way: the median over rounds in which all ways take turns."""
    masked = make_videos(folder)
    build_store(masked, folder, folder / "clips.npy", folder / "clips.parquet")
    store = ClipStore.open([folder / "clips.parquet"], [folder / "clips.npy"])
    order = generator(0, "order").permutation(np.tile(masked["video_id"].to_numpy(), 20)).tolist()

    def ids(step: int) -> list[str]:
        first = step * BATCH % (len(order) - BATCH)
        return order[first : first + BATCH]

    starts = generator(0, "starts").integers(0, FRAMES - LENGTH + 1, BATCH)
    still = np.zeros((BATCH, 4))
    ways: dict[str, Callable[[int], object]] = {
        "published way": lambda step: published(folder, ids(step), step),
        "this repository": lambda step: ours(store, ids(step), step),
        "  of it: read": lambda step: bare_reads(store, ids(step), starts),
        "  read, convert, normalise": lambda step: normalise(
            augment(torch.from_numpy(bare_reads(store, ids(step), starts)), still)
        ),
    }
    rates = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, make_batch in ways.items():
            rates[name].append(rate(make_batch, seconds / len(ways)))
    return {name: float(np.median(values)) for name, values in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1.2, help="seconds a round, six rounds")
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        rates = measure(Path(folder), seconds)
    slowest, fastest = rates["published way"], rates["  of it: read"]
    print(f"clips of {LENGTH} frames {SIZE}x{SIZE} from videos of {FRAMES}, batches of {BATCH}, one thread")
    print(f"{'way':30}{'clips/cpu-s':>12}{'x published':>14}{'share of bare reads':>22}")
    record(
        "clip_loading",
        ours=rates["this repository"],
        other=slowest,
        unit="clips a CPU second",
        other_is="the published way: decode the whole AVI, augment each frame by splines",
        less_is_better=False,
        limit=fastest,
        limit_is="copying the clips out of the memory map",
    )
    for name, value in rates.items():
        print(f"{name:30}{value:12,.0f}{value / slowest:14,.1f}{value / fastest:22.3f}")


if __name__ == "__main__":
    main()
