"""The machine and the commit of the code that results are made with."""

import os
import platform
import re
import subprocess
from pathlib import Path


def commit(root: Path) -> dict[str, str | bool | None]:
    """``commit`` of the code and whether it is ``clean``; None for both outside a git repository."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        top = Path(git("rev-parse", "--show-toplevel")).resolve()
        if top != root.resolve():  # a copy inside somebody else's repository
            return {"commit": None, "clean": None}
        changed = git("status", "--porcelain", "--untracked-files=no")
        return {"commit": git("rev-parse", "HEAD"), "clean": not changed}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}


def machine() -> dict[str, str]:
    """Processor, cores, memory, GPUs with driver, and system of the machine that runs this; no host name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return {
        "processor": model[1] if model else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "gpu": _gpu(),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
    }


def _gpu() -> str:
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "none"
    gpus = [line.rpartition(", ")[::2] for line in done.stdout.strip().splitlines()]
    return "; ".join(f"{name}, driver {driver}" for name, driver in gpus) or "none"
