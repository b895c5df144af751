"""A digest of the code that can change the numbers of a training, and of no other code."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from echoclr_core.common.modules import code_digest
from echoclr_core.common.resume import OPTIONS, PACKAGE, ROOT

CHANGES_NO_NUMBER = (
    "common/files.py",
    "common/folder_lock.py",
    "common/lifetime.py",
    "common/tables.py",
    "pretrain/tables.py",
    "training/checkpoints.py",
    "training/diagnostics.py",
    "training/events.py",
    "training/leasing.py",
    "training/progress.py",
    "training/stopping.py",
)
"""What a run shows, keeps and refuses; everything else that is used counts."""


@cache
def numbers_code(starts: Sequence[str], root: Path = ROOT) -> str:
    """Digest (16 hex digits) of the modules that a training's numbers stand on.

    Parameters
    ----------
    starts
        Files to begin with, relative to ``root``; what they use of the package counts too, encoders
        that are found by name among it.
    root
        The folder that holds the package.
    """
    left_out = [root / OPTIONS, *(root / PACKAGE / name for name in CHANGES_NO_NUMBER)]
    digests = [code_digest(root / start, root, (PACKAGE,), left_out) for start in starts]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]
