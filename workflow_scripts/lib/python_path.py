"""How a job's script finds the library, and what is known of the library's code."""

import os
from pathlib import Path

from echoclr_core.common.module_facts import CACHE_VARIABLE


def prepend_pythonpath(root: Path) -> None:
    """Put ``root`` on the path of every Python that is started from here.

    So the library need not be installed in the environment of a job. The Snakefile is read again in each job
    on a cluster, where this is done again.
    """
    others = [
        path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != str(root)
    ]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *others])


def keep_code_facts(folder: Path) -> None:
    """Keep what was read from the library's files in ``folder``, for this process, its jobs, later runs."""
    os.environ.setdefault(CACHE_VARIABLE, str(folder.resolve() / "echoclr_code_facts.json"))
