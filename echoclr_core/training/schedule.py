"""The course of the learning rate."""

import math
from typing import Literal, Protocol


class Schedule(Protocol):
    """The settings that decide it."""

    learning_rate: float
    schedule: Literal["constant", "cosine"]
    warmup_steps: int


def learning_rate_at(step: int, steps: int, settings: Schedule) -> float:
    """The rate of step ``step`` (from 0) of ``steps``: a linear warm-up, then constant or a half cosine to
    0.
    """
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    if settings.schedule == "constant":
        return settings.learning_rate
    done = (step - settings.warmup_steps) / max(steps - settings.warmup_steps, 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
