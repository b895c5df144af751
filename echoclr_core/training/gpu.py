"""Whether the GPUs that a job asked for work, and what to do where they do not."""

import re
from pathlib import Path

import torch

DRIVER_FILE = Path("/proc/driver/nvidia/version")
MIN_DRIVERS = {11: 450, 12: 525, 13: 580}
"""Oldest driver series for each major version of CUDA (NVIDIA's CUDA compatibility guide)."""


class GpuUnusableError(RuntimeError):
    """A GPU was asked for and none works; the message names driver, PyTorch's build, and the cure."""


def require_gpu(requested: int, device: str = "auto") -> None:
    """Nothing, or the error of a job that would otherwise train on the CPU for weeks.

    Parameters
    ----------
    requested
        GPUs (or places on GPUs) that the job asked its scheduler for.
    device
        ``compute.device``: "cpu" asks for none.

    Raises
    ------
    GpuUnusableError
        When at least one was asked for and PyTorch cannot compute on any.
    """
    if requested < 1 or device == "cpu":
        return
    fault = gpu_fault()
    if fault:
        raise GpuUnusableError(
            f"{requested} GPU(s) were asked for and none works: {fault}. {describe_build()}. Cure: "
            f"{_cure()}; or compute.device: cpu (echoclr: --device cpu), to work without GPUs"
        )


def gpu_fault() -> str:
    """Why PyTorch cannot compute on a GPU here; "" where it can."""
    if torch.version.cuda is None:
        return "this PyTorch is a build for CPUs"
    try:
        # Whatever is wrong shows here: no device, an old driver, a GPU that this build has no kernels for.
        torch.zeros(1, device="cuda").add_(1).item()
    except (RuntimeError, AssertionError) as error:
        return str(error).strip().splitlines()[0]
    return ""


def driver_version() -> str:
    """The NVIDIA driver's version, such as "535.161.08"; "" where there is none."""
    try:
        text = DRIVER_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"\b(\d{3}\.\d+(?:\.\d+)?)\b", text)
    return found.group(1) if found else ""


def min_driver() -> int | None:
    """The oldest driver series that this PyTorch works with; None for a build without CUDA."""
    if torch.version.cuda is None:
        return None
    return MIN_DRIVERS.get(int(torch.version.cuda.split(".")[0]))


def describe_build() -> str:
    """Driver and build in one sentence, for messages."""
    driver = driver_version()
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU only"
    needs = f", which needs driver {min_driver()} or later" if min_driver() else ""
    return f"NVIDIA driver: {driver or 'none found'}; PyTorch {torch.__version__} ({build}{needs})"


def _cure() -> str:
    driver, needed = driver_version(), min_driver()
    other = "install PyTorch's build for the CUDA version that the driver supports (README, GPUs)"
    if needed is None:
        return other
    if not driver:
        return "install the NVIDIA driver, or give the job (or container) access to the GPUs"
    if int(driver.split(".")[0]) < needed:
        return f"update the driver to {needed} or later, or {other}"
    return f"see whether `nvidia-smi` lists a GPU that is free to use, or {other}"
