"""Processes that serve jobs: replaced when they die, and nobody blamed for what another left behind."""

import subprocess
import sys
import time

import pytest

from echoclr_core.common.isolation import Job, WorkerError, run_isolated


def test_a_missing_function_or_no_worker_is_refused():
    with pytest.raises(WorkerError, match="cannot start"):
        list(run_isolated("faulty_jobs:nothing", [Job(1, (), 5)], workers=1))
    with pytest.raises(ValueError, match="workers is 0"):
        list(run_isolated("faulty_jobs:dies_when_done", [Job(1, (), 5)], workers=0))


def test_a_process_that_dies_between_jobs_costs_none():
    ended = []
    jobs = [Job(number, (how,), 30) for number, how in enumerate(("late", "", "memory", ""))]
    for end in run_isolated("faulty_jobs:dies_when_done", jobs, workers=1):
        ended.append(end)
        time.sleep(0.5)
    assert [state for _, state, _ in ended] == ["done", "done", "crashed", "done"]
    assert len({process for _, _, process in ended}) == 4  # one that ran out of memory is not used again


def test_a_crash_that_other_jobs_may_have_caused_is_tried_in_a_fresh_process():
    jobs = [Job(number, (how,), 30) for number, how in enumerate(("", "memory", "", "segfault"))]
    assert list(run_isolated("faulty_jobs:fails_after_others", jobs, workers=1)) == [
        (0, "done", [""]),
        (1, "done", ["memory"]),
        (2, "done", ["memory", ""]),
        (3, "done", ["segfault"]),
    ]


def test_a_script_without_a_guard_is_not_run_again_by_its_processes(tmp_path):
    """As under a workflow engine, whose scripts have no ``if __name__ == "__main__"``."""
    (tmp_path / "script.py").write_text(
        "from echoclr_core.common.isolation import Job, run_isolated\n"
        "print('runs')\n"
        "print(sorted(run_isolated('builtins:abs', [Job(n, (-n,)) for n in range(3)], workers=2)))\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["runs", "[(0, 'done', 0), (1, 'done', 1), (2, 'done', 2)]"]
