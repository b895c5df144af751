"""NT-Xent at the paper's batch of 392 pairs: one matrix product beside the broadcast form.

Run ``python benchmarks/nt_xent.py``. The two forms take turns, forward and backward, so that the ratio holds
on a busy machine; memory is what autograd keeps for the backward pass.
"""

import argparse
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from recording import record
from torch import Tensor

from echoclr_core.pretrain.contrastive import nt_xent

PAIRS, WIDTH, TEMPERATURE = 392, 128, 0.5


def broadcast_nt_xent(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    """The same loss by comparing all rows with all rows in one (2N, 2N, D) tensor."""
    rows = torch.cat([z_i, z_j])
    scores = F.cosine_similarity(rows[:, None, :], rows[None, :, :], dim=2) / temperature
    n = len(z_i)
    scores = scores.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    return F.cross_entropy(scores, torch.arange(2 * n).roll(n))


def kept_bytes(loss: Callable[[Tensor, Tensor, float], Tensor], z: tuple[Tensor, Tensor]) -> int:
    """Bytes of distinct storages that autograd saves for the backward pass of ``loss``."""
    kept: dict[int, int] = {}
    alive = []

    def note(tensor: Tensor) -> Tensor:
        alive.append(tensor)
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss(*z, TEMPERATURE)
    return sum(kept.values())


def seconds(loss: Callable[[Tensor, Tensor, float], Tensor], z: tuple[Tensor, Tensor]) -> float:
    """CPU seconds of one forward and backward pass."""
    begin = time.process_time()
    torch.autograd.grad(loss(*z, TEMPERATURE), z)
    return time.process_time() - begin


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    torch.manual_seed(0)
    z = tuple(torch.randn(PAIRS, WIDTH, requires_grad=True) for _ in range(2))
    forms = {"broadcast": broadcast_nt_xent, "one matrix product": nt_xent}
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(repeats + 1):
        for name, loss in forms.items():
            times[name].append(seconds(loss, z))
    best = {name: min(values[1:]) for name, values in times.items()}
    memory = {name: kept_bytes(loss, z) for name, loss in forms.items()}
    values = {name: float(loss(*z, TEMPERATURE).detach()) for name, loss in forms.items()}
    first = "broadcast"
    ours, other_is = "one matrix product", "cosine similarity of all pairs in one (2N, 2N, D) tensor"
    record("nt_xent", ours=best[ours], other=best[first], unit="s", other_is=other_is)
    record("nt_xent_memory", ours=memory[ours], other=memory[first], unit="bytes kept", other_is=other_is)
    print(f"NT-Xent, {PAIRS} pairs, {WIDTH} dimensions, float32, one thread, best of {repeats}")
    print(f"{'form':<20}{'ms':>10}{'faster':>10}{'MiB kept':>12}{'smaller':>10}{'loss':>12}")
    for name in forms:
        print(
            f"{name:<20}{1e3 * best[name]:>10.1f}{best[first] / best[name]:>9.0f}x"
            f"{memory[name] / 2**20:>12.1f}{memory[first] / memory[name]:>9.0f}x{values[name]:>12.6f}"
        )


if __name__ == "__main__":
    main()
