"""A process that crashes leaves no image of its memory."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

CRASH = "import os, sys; {before}; os.abort()"
BEFORE = "from echoclr_core.common.core_dumps import disable_core_dumps; disable_core_dumps()"
CHILD = f"{BEFORE}; import subprocess; subprocess.run([sys.executable, '-c', 'import os; os.abort()'])"
LIMITED = resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY
PATTERN = Path("/proc/sys/kernel/core_pattern")


def unlimited():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def crash(folder, before):
    done = subprocess.run(
        [sys.executable, "-c", CRASH.format(before=before)],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        preexec_fn=None if LIMITED else unlimited,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -6, done.stderr
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(LIMITED, reason="this machine's hard limit keeps core files from being written")
@pytest.mark.skipif(
    not PATTERN.exists() or PATTERN.read_text()[:1] in "/|", reason="core files are not written beside"
)
def test_without_it_there_would_be_one(tmp_path):
    assert crash(tmp_path, "pass") != []


def test_neither_the_process_nor_its_children_leave_one(tmp_path):
    assert crash(tmp_path, BEFORE) == []
    assert crash(tmp_path, CHILD) == []


def test_the_limit_is_the_one_that_counts_for_pipes_too():
    code = f"{BEFORE}; import resource; print(*resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    soft, hard = map(int, done.stdout.split())
    assert soft == (0 if hard == 0 else 1)
