"""View classification: drawn frames/s of the batched shard beside a loop over videos, and of its parts.

One run and one thread; CPU time, so that what else the machine does hardly counts. The ratios can be
compared, the absolute numbers belong to the machine.

    python benchmarks/views.py
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from recording import record

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.views.decision import classify_shard, decide
from echoclr_core.views.networks import ZHANG_PLAX, ZHANG_VIEWS, CompactViewNet, TorchClassifier, ZhangVGG16
from echoclr_core.views.sampling import ViewSettings, sample_frames, sample_indices, shrink

CODEC = DeidentifySettings().codec
N_VIDEOS, N_FRAMES, SHAPE = 16, 60, (434, 636)
DRAWN = ViewSettings().frames
Row = tuple[str, float, float]


def write_videos(folder: Path) -> pd.DataFrame:
    """Speckle in a sector, in the codec of the deidentified files."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    sector = np.abs(np.arctan2(x - SHAPE[1] / 2, y + 1)) < 0.7
    still = rng.rayleigh(40, (8, *SHAPE)).clip(0, 255).astype(np.uint8) * sector
    for i in range(N_VIDEOS):
        write_avi(folder / f"v_{i}.avi", (still[(i + k) % 8] for k in range(N_FRAMES)), 30.0, CODEC)
    return pd.DataFrame({"video_id": [f"v_{i}" for i in range(N_VIDEOS)], "study_id": "s_0"})


def rate(work: Callable[[], object], frames: int, repeats: int = 2) -> float:
    """Frames per second of CPU time, the best of ``repeats`` runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return frames / min(times)


def video_loop(videos: pd.DataFrame, folder: Path, classifier: TorchClassifier) -> None:
    """What is otherwise written: decode a video, draw its frames, run them one by one."""
    for video_id in videos["video_id"]:
        decoded = list(iter_avi(folder / f"{video_id}.avi"))
        frames = [shrink(decoded[i]) for i in sample_indices(len(decoded), video_id)]
        rows = [classifier.probabilities(frame[None])[0] for frame in frames]
        decide(np.stack(rows), classifier.classes, classifier.plax)


def network_rows(name: str, classifier: TorchClassifier, frames: np.ndarray, repeats: int) -> list[Row]:
    """One frame a pass against all in one."""
    classifier.probabilities(frames[:1])
    one = rate(lambda: [classifier.probabilities(frame[None]) for frame in frames], len(frames), repeats)
    batched = rate(lambda: classifier.probabilities(frames), len(frames), repeats)
    return [
        (f"{name} network, a frame a pass", one, 1.0),
        (f"{name} network, batched", batched, batched / one),
    ]


def file_rows(classifier: TorchClassifier) -> list[Row]:
    """From files to decisions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos, n = write_videos(folder), N_VIDEOS * DRAWN
        paths = [folder / f"{video_id}.avi" for video_id in videos["video_id"]]
        work = {
            "files to decisions, per-video loop": lambda: video_loop(videos, folder, classifier),
            "files to decisions, shard, a video a pass": lambda: classify_shard(
                videos, folder, classifier, batch=1
            ),
            "files to decisions, shard, batched": lambda: classify_shard(videos, folder, classifier),
            "reading, drawing, resizing alone (limit)": lambda: [sample_frames(p, p.stem) for p in paths],
        }
        rates = {what: rate(one, n) for what, one in work.items()}
    loop = next(iter(rates.values()))
    return [(what, speed, speed / loop) for what, speed in rates.items()]


def main() -> None:
    torch.set_num_threads(1)
    frames = np.random.default_rng(0).integers(0, 256, (64, 224, 224)).astype(np.uint8)
    compact = TorchClassifier(CompactViewNet(10), ["plax", *map(str, range(9))], "plax")
    rows = file_rows(compact) + network_rows("compact", compact, frames, 4)
    speeds = {what: speed for what, speed, _ in rows}
    record(
        "view_inference",
        ours=speeds["files to decisions, shard, batched"],
        other=speeds["files to decisions, per-video loop"],
        unit="drawn frames a CPU second",
        other_is="a loop: decode each video whole, one frame a pass",
        less_is_better=False,
        limit=speeds["reading, drawing, resizing alone (limit)"],
        limit_is="reading, drawing and resizing the frames, no network",
    )
    zhang = TorchClassifier(ZhangVGG16(), ZHANG_VIEWS, ZHANG_PLAX)
    rows += network_rows("Zhang VGG-16", zhang, frames[:3], 1)
    print(f"{N_VIDEOS} {CODEC} videos, {N_FRAMES} × {SHAPE[0]} × {SHAPE[1]}, {DRAWN} frames drawn of each")
    print(f"{'what':<44}{'drawn frames/s':>16}{'ratio':>8}")
    for what, speed, ratio in rows:
        print(f"{what:<44}{speed:>16.1f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
