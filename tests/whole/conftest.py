"""The small study as a whole, here and on a SLURM of its own: minutes to an hour, only when asked for.

`make crash-test` and `make slurm-test` set ECHOCLR_WHOLE; `make test` passes these by. ECHOCLR_REFERENCE
names the folder of a finished small study of the same commit, so that it need not be run once more.
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that the tests share

from small_study import SmallStudy


def pytest_collection_modifyitems(items):
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents and item.path.stem not in os.environ.get("ECHOCLR_WHOLE", ""):
            item.add_marker(pytest.mark.skip(reason="make crash-test and make slurm-test run this"))


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The small study, run without any disturbance by the local profile."""
    finished = os.environ.get("ECHOCLR_REFERENCE")
    study = SmallStudy(Path(finished) if finished else tmp_path_factory.mktemp("reference"))
    if not finished:
        study.run()
    return study
