"""How a job's script finds the library."""

import os
from pathlib import Path


def lead_scripts_to(root: Path) -> None:
    """Put ``root`` on the path of every Python that is started from here.

    So the library need not be installed in the environment of a job. The Snakefile is read again in each job
    on a cluster, where this is done again.
    """
    others = [
        path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != str(root)
    ]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *others])
