"""Randomness as a pure function of (seed, what it is for): the same on any worker, after any resume."""

import hashlib

import numpy as np


def derive_seed(seed: int, *keys: str | int) -> int:
    """A 64-bit seed derived from ``seed`` and ``keys`` by SHA-256.

    Python's own ``hash`` differs from process to process, and ``seed + epoch`` makes neighbouring runs
    share their streams; a cryptographic hash has neither fault.

    Parameters
    ----------
    seed
        The study's or the run's seed.
    keys
        What the stream is for: ("augment", epoch, video_id), say. Ints and strings are kept apart.
    """
    text = "\x1f".join(f"{type(key).__name__}:{key}" for key in (int(seed), *keys))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """A NumPy generator (PCG64) for one purpose; see :func:`derive_seed`."""
    return np.random.Generator(np.random.PCG64(derive_seed(seed, *keys)))
