"""Loaded by every Python below a run of Snakemake: notes which of our modules a job imports."""

import os
import re
import sys
from pathlib import Path

FOLDER = os.environ.get("ECHOCLR_RECORD_IMPORTS")
OURS = ("echoclr_core", "workflow_scripts")


def record(folder: str) -> None:
    """Append the names of imported modules to <folder>/<script>.txt; workers go by their parent's script."""
    arguments = " ".join(sys.orig_argv)
    script = re.search(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py", arguments)
    if script:
        os.environ["ECHOCLR_RECORDED_SCRIPT"] = script.group(1)
    name = os.environ.get("ECHOCLR_RECORDED_SCRIPT")
    if not name:
        return
    target = Path(folder) / f"{name}.txt"

    def note(module: str) -> None:
        if module.split(".")[0] in OURS:
            with target.open("a") as file:
                file.write(f"{module}\n")

    class Recorder:
        """First of the finders: is asked for every module, however it is imported, and finds none."""

        def find_spec(self, module, path=None, target=None):
            note(module)

    sys.meta_path.insert(0, Recorder())
    run_by_m = re.search(r" -m (echoclr_core[\w.]*)", arguments)
    if run_by_m:
        note(run_by_m.group(1))


if FOLDER:
    record(FOLDER)
