"""What a view classifier is, and the checks that every kind of it shares."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

FRAME_SIZE = 224  # pixels; the input of Zhang et al.'s network and of every classifier here


@runtime_checkable
class Classifier(Protocol):
    """Anything that gives view probabilities for frames.

    Attributes
    ----------
    classes
        The views, in the order of the probabilities.
    plax
        Which of them is the parasternal long axis view that the study keeps.
    """

    classes: tuple[str, ...]
    plax: str

    def probabilities(self, frames: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) float32, each row of sum 1, for frames (N, 224, 224) uint8 grey."""
        ...


def check_classes(classes: Sequence[str], *kept: str) -> tuple[str, ...]:
    """Return ``classes`` as a tuple, or raise ValueError.

    Raises
    ------
    ValueError
        If there are fewer than two, a name is empty or stands there twice, or one of ``kept`` is no class.
    """
    names = tuple(classes)
    if len(names) < 2:
        raise ValueError(f"classes: {list(names)} holds {len(names)} views; at least two are needed")
    bad = [name for name in names if not isinstance(name, str) or not name.strip()]
    if bad:
        raise ValueError(f"classes: {bad!r} are not names of views; every class needs a name")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"classes: {twice} stand there more than once; each view may stand there once")
    for name in kept:
        if name not in names:
            raise ValueError(
                f"views.keep: {name!r} is not among the classes; allowed is one of {list(names)}"
            )
    return names


def read_classes(path: str | Path) -> list[str]:
    """The class names of a text file, one a line in the order of the outputs; empty lines do not count."""
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    return [line.strip() for line in lines if line.strip()]


def check_frames(frames: np.ndarray) -> np.ndarray:
    """Return ``frames``, or raise ValueError if they are not (N, 224, 224) uint8."""
    frames = np.asarray(frames)
    if frames.dtype != np.uint8 or frames.ndim != 3 or frames.shape[1:] != (FRAME_SIZE, FRAME_SIZE):
        raise ValueError(
            f"frames: {frames.dtype} of shape {frames.shape}; "
            f"a view classifier takes uint8 of shape (N, {FRAME_SIZE}, {FRAME_SIZE})"
        )
    return frames
