"""Loader processes pass batches through shared memory, which a container has little of."""

import logging
import subprocess
import sys

import numpy as np
import pytest

from echoclr_core.training.batches import load_batches
from echoclr_core.training.shared_memory import fitting_workers

MB = 10**6


@pytest.mark.parametrize(
    ("free", "batch", "expected"),
    [
        (24_000 * MB, 39 * MB, (4, 4)),
        (None, 39 * MB, (4, 4)),
        (64 * MB, 39 * MB, (0, 0)),  # a container's default, the paper's batch
        (400 * MB, 39 * MB, (4, 1)),
        (160 * MB, 39 * MB, (2, 1)),
        (4 * MB, 8 * MB, (0, 0)),
    ],
)
def test_so_many_batches_are_ahead_as_fit(monkeypatch, caplog, free, batch, expected):
    monkeypatch.setattr("echoclr_core.training.shared_memory.free_shared_memory", lambda: None)
    with caplog.at_level(logging.WARNING):
        workers, ahead = fitting_workers(batch, 4, free=free)
    assert (workers, ahead) == expected
    assert ("shared memory (/dev/shm)" in caplog.text) == (expected != (4, 4))
    if free is not None and workers:
        assert (workers * ahead + 1) * batch <= free


class Slow:
    def __getitem__(self, step):
        if step > 1:
            import time

            time.sleep(60)
        return {"clips": np.zeros(3, np.uint8)}


def test_a_loader_that_stands_still_is_an_error(monkeypatch):
    source = load_batches(Slow(), 0, 9, workers=1, timeout_seconds=1)
    next(source), next(source)
    with pytest.raises(RuntimeError, match=r"1 loader process.*timed out.*\(/dev/shm\): .* MB free"):
        next(source)


class Broken:
    def __getitem__(self, step):
        if step == 3:
            raise ValueError("video 'v_3' is damaged")
        return {"clips": np.zeros(3, np.uint8)}


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_wrong_with_a_batch_arrives(workers):
    with pytest.raises(ValueError, match="video 'v_3' is damaged"):
        list(load_batches(Broken(), 0, 9, workers=workers))


JOB = """
import numpy as np
from echoclr_core.training.batches import load_batches

class Batches:
    def __getitem__(self, step):
        return {"clips": np.full((8, 4, 512, 512), step, np.uint8)}

print([int(batch["clips"][0, 0, 0, 0]) for batch in load_batches(Batches(), 0, 6, workers=2)])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a file system of its own")
@pytest.mark.parametrize("size", ["4m", "64m"])
def test_a_small_shared_memory_gives_the_batches(size):
    command = ["unshare", "-m", "bash", "-c"]
    command += [
        f'mount -t tmpfs -o size={size} tmpfs /dev/shm && exec "$@"',
        "bash",
        sys.executable,
        "-c",
        JOB,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "permitted" in done.stderr or "superuser" in done.stderr:
        pytest.skip("may not mount a file system here")
    assert done.stdout.strip() == "[0, 1, 2, 3, 4, 5]", done.stderr[-2000:]
    assert "shared memory (/dev/shm) has" in done.stderr
