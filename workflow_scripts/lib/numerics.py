"""What of the hardware the numbers of a training or prediction depend on, resolved when the plan is made."""

import json
import os
from pathlib import Path


def numerics(compute: dict, *, gpu_requested: bool) -> str:
    """Device kind, precision, memory format, and on a CPU the number of threads, as JSON with sorted keys.

    On a CPU the threads decide how sums are rounded; on a GPU they change nothing. ``device: auto`` and the
    device that it stands for give the same text.

    Parameters
    ----------
    compute
        Section ``compute`` of the configuration.
    gpu_requested
        Whether the profile asks for a GPU: the node that plans may have none.
    """
    device = compute["device"]
    if device == "auto":
        device = "cuda" if gpu_requested or gpu_visible() else "cpu"
    chosen = {name: compute[name] for name in ("precision", "memory_format", "deterministic")}
    chosen["device"] = device
    if device == "cpu":
        chosen["threads"] = compute["threads"]
    return json.dumps(chosen, sort_keys=True)


def gpu_visible() -> bool:
    """Whether this machine has an NVIDIA GPU for its processes, without loading torch."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return any(Path("/dev").glob("nvidia[0-9]*"))


def gpu_asked_for(overwritten: dict, rules: tuple[str, ...]) -> bool:
    """Whether the resources that a profile or the command line sets ask for a GPU for one of ``rules``."""
    for rule in rules:
        for name in ("gpu", "gpus"):
            value = getattr(overwritten.get(rule, {}).get(name), "value", overwritten.get(rule, {}).get(name))
            if value not in (None, 0, "0", ""):
                return True
    return False
