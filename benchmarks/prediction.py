"""Scoring five models: one after the other, against one pass over the clips for all of them.

Both give the same probabilities (checked). The gain is what is done once instead of five times: reading,
downsampling and normalising the clips, and starting a process with PyTorch in it. On a CPU the networks
themselves take most of the time; the faster the device, the larger the other share.

    python benchmarks/prediction.py [--videos 40] [--models 5]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries start their threads

import numpy as np
import pandas as pd
import torch
from recording import record

from echoclr_core.common.randomness import generator
from echoclr_core.finetune.scoring import clip_logits, predict, predict_together
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.training.compute import choose_compute
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX

FRAMES, SIZE = 80, 112
DEMO = EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1))
HOW = FinetuneSettings(clip_length=16, batch_size=16, input_size=56)


def make_store(folder: Path, videos: int) -> ClipStore:
    """Random videos of the paper's size."""
    ids = [f"v_{number:03d}" for number in range(videos)]
    index = pd.DataFrame({"video_id": ids, "study_id": [f"s_{n // 3}" for n in range(videos)]})
    index = index.assign(first=np.arange(videos) * FRAMES, n_frames=FRAMES, fps=30.0, sha256=ids)
    frames = generator(0, "frames").integers(0, 256, (videos * FRAMES, SIZE, SIZE), dtype=np.uint8)
    np.save(folder / "frames.npy", frames)
    CLIP_INDEX.write(index, folder / "index.parquet")
    return ClipStore.open([folder / "index.parquet"], [folder / "frames.npy"])


def seconds_to_start() -> float:
    """From nothing to a process that could score."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import echoclr_core.finetune.scoring"], check=True)
    return time.perf_counter() - start


class NoNetwork(torch.nn.Module):
    """A model that costs nothing: what is left is the way of the clips."""

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return clips[:, 0, 0, 0, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--models", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder), options.videos)
        rows = store.index[["video_id", "study_id"]].assign(label=0)
        models = {str(n): Classifier(build_encoder(DEMO, seed=n)) for n in range(options.models)}
        how = dict.fromkeys(models, HOW)
        predict(models["0"], store, rows, HOW, device="cpu")  # warm up

        start = time.perf_counter()
        alone = {name: predict(model, store, rows, HOW, device="cpu") for name, model in models.items()}
        apart = time.perf_counter() - start
        start = time.perf_counter()
        together = predict_together(models, store, rows, how, device="cpu")
        once = time.perf_counter() - start
        for name in models:
            pd.testing.assert_frame_equal(alone[name], together[name])

        start = time.perf_counter()
        compute = choose_compute(torch.device("cpu"), "fp32")
        clip_logits(NoNetwork(), store, list(rows["video_id"]), HOW, compute)
        way = time.perf_counter() - start
        begin = min(seconds_to_start() for _ in range(3))
    jobs = apart + options.models * begin
    clips = options.videos * HOW.eval_clips_per_video
    print(f"{options.models} models of the demo's network, {clips} clips of 16 frames, one thread")
    print(f"one after the other in one process {apart:6.1f} s")
    print(f"one pass                           {once:6.1f} s   {apart / once:.2f} x")
    print(f"the way of the clips, no network   {way:6.2f} s a pass, {way / clips * 1000:.2f} ms a clip")
    print(f"start of a process                 {begin:6.1f} s")
    print(f"{options.models} jobs, each its own pass           {jobs:6.1f} s")
    record(
        "predict",
        ours=once + begin,
        other=jobs,
        unit="s",
        other_is=f"{options.models} models in a process each, each with a pass of its own over the clips",
    )
    print(f"one job, one pass                  {once + begin:6.1f} s   {jobs / (once + begin):.2f} x")


if __name__ == "__main__":
    main()
