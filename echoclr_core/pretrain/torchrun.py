"""Pretraining in several processes: torchrun on leased GPUs, signalled to stop when its parent is."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from echoclr_core.common.files import write_json
from echoclr_core.training.leasing import LEASED, lease_gpus
from echoclr_core.training.stopping import EXIT_STOPPED, SIGNALS

SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl


def run_in_processes(spec: dict, processes: int, path: Path, log: str) -> None:
    """Run a specification of ``python -m echoclr_core.pretrain`` in ``processes`` processes, one a GPU.

    Parameters
    ----------
    spec
        The specification; written to ``path``.
    processes
        How many; without GPUs (or with device "cpu") they share the CPU.
    path
        Where the processes read it.
    log
        Receives what they say.
    """
    write_json(path, spec)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    with lease_gpus(processes, spec.get("device", "auto")) as visible, Path(log).open("a") as attempt_log:
        gpus = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible, LEASED: "1"}
        run_forwarding([*command, "-m", "echoclr_core.pretrain", str(path)], gpus, attempt_log)


def run_forwarding(command: Sequence[str], environment: Mapping[str, str], stderr: IO) -> None:
    """Run a command; SIGTERM and SIGUSR1 reach it as SIGTERM, and so does this process's sudden death.

    Raises
    ------
    SystemExit
        With EXIT_STOPPED when it ended after such a signal.
    subprocess.CalledProcessError
        When it failed.
    """
    signalled = []
    child = subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=stderr, preexec_fn=_die_with_the_parent
    )

    def forward(number: int, frame) -> None:
        signalled.append(number)
        child.send_signal(signal.SIGTERM)

    before = {number: signal.signal(number, forward) for number in SIGNALS}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if code and signalled:
        raise SystemExit(EXIT_STOPPED)
    if code:
        raise subprocess.CalledProcessError(code, command)


def _die_with_the_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
