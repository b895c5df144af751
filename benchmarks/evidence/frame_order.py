"""Why the frame order is slow to learn: what the pictures tell of it, and what a network makes of them.

Run after ``make study``, on its training and validation videos; labels are not looked at.

    python benchmarks/evidence/frame_order.py results/synthetic_study --steps 1500

1. How unlike the six pairs of frames are, six numbers a clip, and a linear model on them.
2. The study's network on the frame order alone, from clips as they are.
3. The same from clips without what stands still (each clip less its mean over time).
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from echoclr_core.common.randomness import generator
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.pretrain.frame_order import draw_orders, frame_orders
from echoclr_core.pretrain.views import shuffle
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.inputs import frame_counts, grey_input, network_input, read_clips
from echoclr_core.video.store import ClipStore

FRAMES, SIZE = 4, 56
CLIPS, COPIES = 32, 4  # a step: 32 clips in four orders each
CONTRAST = 0.05  # what is left without the mean has about this spread, of a grey range of 1
ORDERS = torch.from_numpy(frame_orders(FRAMES))


class OrderClips:
    """Shuffled clips of some videos, (n * copies, FRAMES, SIZE, SIZE) in [0, 1], and their orders."""

    def __init__(self, store: ClipStore, video_ids: list[str], *purpose: object):
        self.store, self.video_ids = store, video_ids
        self.frames = frame_counts(store, video_ids, table="videos")
        self.rng = generator(*purpose)

    def draw(self, count: int, copies: int) -> tuple[torch.Tensor, torch.Tensor]:
        """``count`` clips of videos drawn with equal chance, each in ``copies`` orders."""
        rows = self.rng.integers(len(self.video_ids), size=count)
        starts = [int(self.rng.integers(self.frames[row] - FRAMES + 1)) for row in rows]
        clips = read_clips(self.store, [self.video_ids[row] for row in rows], starts, FRAMES)
        grey = grey_input(torch.from_numpy(clips), None, SIZE).repeat_interleave(copies, dim=0)
        targets = torch.from_numpy(draw_orders(len(grey), FRAMES, self.rng))
        return shuffle(grey, ORDERS[targets]), targets


def told_by_differences(training: OrderClips, validation: OrderClips) -> float:
    """Share of orders that a linear model finds from six mean absolute differences a clip."""

    def numbers(clips: torch.Tensor) -> np.ndarray:
        pairs = itertools.combinations(range(FRAMES), 2)
        away = torch.stack([(clips[:, a] - clips[:, b]).abs().mean((1, 2)) for a, b in pairs], dim=1)
        return (away / away.mean(1, keepdim=True)).numpy()

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    clips, orders = training.draw(1024, 8)
    model.fit(numbers(clips), orders.numpy())
    clips, orders = validation.draw(512, 8)
    return float(model.score(numbers(clips), orders.numpy()))


def told_by_network(training: OrderClips, validation: OrderClips, steps: int, *, moving_only: bool) -> float:
    """Train on the order alone; prints the training accuracy every 100 steps. Returns the held-out one."""
    compute = choose_compute(torch.device("cpu"))
    encoder = build_encoder(EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1)), seed=0)
    torch.manual_seed(0)
    head = torch.nn.Linear(encoder.features, len(ORDERS))
    encoder = compute.place_module(encoder)
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3)

    def logits(clips: torch.Tensor) -> torch.Tensor:
        if moving_only:
            clips = (clips - clips.mean(1, keepdim=True)) / CONTRAST
        with compute.autocast():
            return head(encoder(compute.place_clips(network_input(clips))).float())

    hits = []
    for step in range(1, steps + 1):
        clips, orders = training.draw(CLIPS, COPIES)
        found = logits(clips)
        loss = F.cross_entropy(found, orders)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        hits.append(float((found.argmax(1) == orders).float().mean()))
        if step % 100 == 0:
            print(f"  step {step}: {np.mean(hits):.3f}, loss {loss.item():.3f}", flush=True)
            hits = []
    encoder.eval()
    with torch.no_grad():
        parts = [validation.draw(CLIPS, COPIES) for _ in range(16)]
        return float(np.mean([(logits(c).argmax(1) == o).float().mean().item() for c, o in parts]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a finished study, such as results/synthetic_study")
    parser.add_argument("--steps", type=int, default=1500)
    chosen = parser.parse_args()
    frames = sorted((chosen.folder / "clips").glob("*.npy"))
    store = ClipStore.open([path.with_suffix(".parquet") for path in frames], frames)
    videos = pd.read_parquet(chosen.folder / "cohort" / "videos.parquet")
    sets = {
        name: videos.loc[videos["set"] == name, "video_id"].astype(str).tolist() for name in ("train", "val")
    }

    def both(purpose: str) -> tuple[OrderClips, OrderClips]:
        return OrderClips(store, sets["train"], 0, purpose, 0), OrderClips(store, sets["val"], 0, purpose, 1)

    print(f"chance {1 / len(ORDERS):.3f}; an order and its reverse look alike to the differences")
    print(f"six differences: {told_by_differences(*both('differences')):.3f}")
    for moving_only in (False, True):
        print("without what stands still" if moving_only else "clips as they are", flush=True)
        print(f"  held out: {told_by_network(*both('network'), chosen.steps, moving_only=moving_only):.3f}")


if __name__ == "__main__":
    main()
