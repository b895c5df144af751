"""Optimisers without torch.compile's wrappers: the same numbers, in less time to start."""

import subprocess
import sys

import pytest
import torch

from echoclr_core.training.optimizers import ADAM

TORCH = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
SETTINGS = {"lr": 0.1, "weight_decay": 0.05, "fused": True}


def steps(optimizer, model, number):
    for step in range(number):
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
        optimizer.zero_grad(set_to_none=True)
        (model(torch.linspace(-1, 1, 12).reshape(4, 3)) - 1).square().sum().backward()
        optimizer.step()


def model_of(seed=3):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))


@pytest.mark.parametrize("name", ADAM)
def test_steps_and_state_are_those_of_torch_to_the_bit(name):
    """Through a checkpoint written by the one and read by the other."""
    ours, theirs = model_of(), model_of()
    first, second = ADAM[name](ours.parameters(), **SETTINGS), TORCH[name](theirs.parameters(), **SETTINGS)
    steps(first, ours, 5)
    steps(second, theirs, 5)
    resumed = ADAM[name](ours.parameters(), **SETTINGS)
    resumed.load_state_dict(second.state_dict())
    steps(resumed, ours, 3)
    again = TORCH[name](theirs.parameters(), **SETTINGS)
    again.load_state_dict(first.state_dict())
    steps(again, theirs, 3)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.requires_grad


TRAINING = """
import sys
import torch
from echoclr_core.finetune.step import FinetuneTrainer
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.training.guard import guarded_update
from echoclr_core.training.optimizers import ADAM
model = torch.nn.Linear(2, 1)
for kind in ADAM.values():
    optimizer = kind(model.parameters(), lr=0.1, fused=True)
    optimizer.zero_grad(set_to_none=True)
    loss = model(torch.ones(3, 2)).sum()
    loss.backward()
    guarded_update(optimizer, list(model.parameters()), {"loss": loss}, clip=1.0, step=0, video_ids=["a"])
    optimizer.load_state_dict(optimizer.state_dict())
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""


def test_training_loads_no_compiler():
    """Two seconds of processor time in each of some dozens of jobs."""
    done = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
