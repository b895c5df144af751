"""A pretraining step beside the published way, and the memory of the exact large-batch steps.

Run ``python benchmarks/step.py``; ``--full`` takes the paper's r3d_18 on clips of 4 x 112 x 112 instead of
the demo's network. The published way is the same EchoCLR step in float32, contiguous, with NT-Xent as one
(2N, 2N, D) comparison. The forms take turns, so that ratios hold on a busy machine. Memory is what autograd
keeps for the backward pass at its most, activations computed again included; it grows with the pairs (but for
weights rounded to bf16), so the column for 392 pairs is a line through two measured numbers of pairs.
``--quarter`` takes one step of r3d_18 with a quarter of the paper's batch instead (98 pairs, micro-batches
of 49), and prints processor time and most memory of the process.
"""

import argparse
import resource
import time
from unittest import mock

import numpy as np
import torch
from nt_xent import broadcast_nt_xent
from recording import record

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain import contrastive
from echoclr_core.pretrain.objective import PretrainModel
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.video.augmentation import draw

PAIRS = 392
MIN_PAIRS = 4
FORMS = {
    "published way (fp32)": {"precision": "fp32", "memory_format": "contiguous"},
    "fp32, channels last": {"precision": "fp32"},
    "auto": {},
    "auto, micro-batches of half": {"micro_batch_size": 0.5},
    "auto, checkpointed": {"activation_checkpointing": True},
}


class Kept:
    """Bytes that the backward pass still holds, and the most there were."""

    def __init__(self):
        self.now = self.most = 0

    def pack(self, tensor: torch.Tensor):
        """Count a tensor that autograd keeps."""
        self.now += tensor.nbytes
        self.most = max(self.most, self.now)
        return _Held(tensor, self)


class _Held:
    def __init__(self, tensor, kept):
        self.tensor, self.kept = tensor, kept

    def __del__(self):
        self.kept.now -= self.tensor.nbytes


def batch_of(pairs: int, size: int, settings: PretrainSettings) -> dict:
    """Random clips, as PairBatches gives them."""
    rng = np.random.default_rng(0)
    return {
        "clips": torch.from_numpy(rng.integers(0, 256, (2, pairs, 4, size, size)).astype(np.uint8)),
        "draws": torch.from_numpy(
            np.stack([[draw(settings.augmentation, rng) for _ in range(pairs)] for _ in (0, 1)])
        ),
        "orders": torch.from_numpy(rng.integers(0, 24, (2, pairs, 1))),
        "whole": torch.ones(2, pairs, dtype=torch.bool),
        "studies": torch.arange(pairs),
        "video_ids": [str(number) for number in range(2 * pairs)],
    }


def trainer_of(encoder: EncoderSettings, settings: PretrainSettings) -> PretrainTrainer:
    """A trainer on the CPU."""
    torch.manual_seed(0)
    model = PretrainModel(build_encoder(encoder, seed=0), settings)
    compute = choose_compute(torch.device("cpu"), settings.precision, settings.memory_format)
    return PretrainTrainer(model, settings, compute, steps=100, epoch_steps=100)


def one_step(trainer: PretrainTrainer, batch: dict, published: bool) -> float:
    """CPU seconds of a step."""

    def broadcast(z_i, z_j, temperature, studies=None):
        return broadcast_nt_xent(z_i, z_j, temperature)

    begin = time.process_time()
    with mock.patch.object(contrastive, "nt_xent", broadcast if published else contrastive.nt_xent):
        trainer.step(batch, 0)
    return time.process_time() - begin


def most_kept(trainer: PretrainTrainer, batch: dict, published: bool) -> int:
    """Most bytes that autograd keeps during a step."""
    kept = Kept()
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda held: held.tensor):
        one_step(trainer, batch, published)
    return kept.most


def pair_count(text: str) -> int:
    """The value of ``--pairs``."""
    if not text.isdecimal() or int(text) < MIN_PAIRS:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed is {MIN_PAIRS} or more")
    return int(text)


def main() -> None:
    """Print one table, or one step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="r3d_18 at 112 px")
    parser.add_argument(
        "--pairs",
        type=pair_count,
        help=f"pairs of a batch, {MIN_PAIRS} or more: one form takes micro-batches of half, which must be "
        "two or more (default: 16, with --full 4)",
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--quarter", action="store_true", help="one step of 98 pairs of the paper, and no table"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.quarter:
        print(quarter_of_the_batch())
    else:
        compare_forms(arguments)


def compare_forms(arguments: argparse.Namespace) -> None:
    """Print the table of all forms, and record the ratio."""
    pairs = arguments.pairs or (4 if arguments.full else 16)
    small = EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1))
    encoder, size = (EncoderSettings(), 112) if arguments.full else (small, 56)
    published = "published way (fp32)"
    runs, more = (runs_of(encoder, size, count) for count in (pairs, 2 * pairs))
    with deterministic():
        few, many = (
            {name: most_kept(*run, name == published) for name, run in some.items()} for some in (runs, more)
        )
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(arguments.repeats):
            for name, run in runs.items():
                times[name].append(one_step(*run, name == published))
    best = {name: min(values) for name, values in times.items()}
    slope = {name: (many[name] - few[name]) / pairs for name in runs}
    large = {name: few[name] + slope[name] * (PAIRS - pairs) for name in runs}
    record(
        "train_step",
        ours=best["auto"] / pairs,
        other=best[published] / pairs,
        unit="s a pair",
        other_is="the published step: float32, contiguous, NT-Xent in one (2N, 2N, D) tensor",
    )
    print(f"EchoCLR step, {encoder.name}, width {encoder.width}, {pairs} pairs of 4 x {size}^2, one thread")
    print(f"{'form':<24}{'ms a clip':>10}{'faster':>9}{'MiB a pair':>12}{'GiB at 392':>12}{'of plain':>10}")
    for name in runs:
        print(
            f"{name:<24}{1e3 * best[name] / (2 * pairs):>10.1f}{best[published] / best[name]:>8.1f}x"
            f"{slope[name] / 2**20:>12.2f}{large[name] / 2**30:>12.2f}{large[name] / large['auto']:>10.2f}"
        )


def quarter_of_the_batch() -> str:
    """One step of the paper's network with 98 pairs in micro-batches of 49, in words."""
    pairs = PAIRS // 4
    settings = PretrainSettings(batch_size=pairs, micro_batch_size=pairs // 2)
    with deterministic():
        trainer = trainer_of(EncoderSettings(), settings)
        seconds = one_step(trainer, batch_of(pairs, 112, settings), published=False)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    forms = f"in micro-batches of {settings.micro_batch_size}, {trainer.compute.precision}"
    measured = f"{pairs} pairs {forms}: {seconds:.0f} CPU s, {memory:.1f} GiB at most"
    return f"{measured}\ncomputed from it: {PAIRS} pairs {forms}: {4 * seconds:.0f} CPU s"


def runs_of(encoder: EncoderSettings, size: int, pairs: int) -> dict[str, tuple[PretrainTrainer, dict]]:
    """A trainer and a batch for each form."""
    runs = {}
    for name, fields in FORMS.items():
        micro_batch_size = int(fields["micro_batch_size"] * pairs) if "micro_batch_size" in fields else None
        settings = PretrainSettings(
            batch_size=pairs,
            learning_rate=1e-3,
            augmentation=AugmentationOptions(pad=4),
            **(fields | {"micro_batch_size": micro_batch_size}),
        )
        runs[name] = (trainer_of(encoder, settings), batch_of(pairs, size, settings))
    return runs


if __name__ == "__main__":
    main()
