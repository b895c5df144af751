"""Stand-ins for the work on one file that need no decoder: a few bytes and a mask."""

import os
from pathlib import Path

import numpy as np

from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import write_mask

CALLS = "ECHOCLR_TEST_CALLS"


def written(path, target, settings):
    """Quarantines files called b; the others are "written"."""
    with Path(os.environ[CALLS]).open("a") as file:
        file.write(Path(path).name + "\n")
    if Path(path).name == "b":
        return {"outcome": "burned_in_text"}
    Path(target).write_bytes(b"video of " + Path(path).name.encode())
    write_mask(np.ones((4, 4), bool), target)
    return {"outcome": "ok", "n_frames": 8, "sha256": file_digest(target)}


def decided(path, target, settings, decision):
    if decision.decision == "reject":
        return {"outcome": "rejected", "decision": "rejected"}
    Path(target).write_bytes(decision.decision.encode())
    write_mask(np.ones((4, 4), bool), target)
    return {"outcome": "ok", "decision": f"{decision.decision}ed", "sha256": file_digest(target)}


def reviewed(path, settings):
    if Path(path).name == "b":
        raise RuntimeError("cannot be decoded")
    shown = {"width": 160, "height": 120, "content": "0" * 64, "mask": "", "outline": "[]", "picture": "x"}
    return shown | {"why": "seen"}
