"""What trainings ask a scheduler for grows with the clip store, and with failures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workflow_scripts.lib.store_memory import OWN_MEGABYTES, training_memory

ROOT = Path(__file__).parents[2]


def write_store(folder, megabytes):
    folder.mkdir(exist_ok=True)
    np.save(folder / "0.npy", np.zeros((megabytes, 1000, 1000), np.uint8))
    (folder / "store.json").write_text('{"shards": ["0"]}')
    return folder / "store.json"


def test_memory_is_of_the_store_and_of_the_attempt(tmp_path):
    small, large = write_store(tmp_path / "a", 1), write_store(tmp_path / "b", 7)
    assert training_memory(large, 1) - training_memory(small, 1) == 6
    assert training_memory(large, 2) - training_memory(large, 1) == OWN_MEGABYTES
    os.utime(write_store(tmp_path / "a", 4), ns=(1, 1))
    assert training_memory(small, 1) == OWN_MEGABYTES + 5  # built anew: 4 MB and the header, rounded up


def test_no_store_yet_is_what_snakemake_waits_for(tmp_path):
    with pytest.raises(FileNotFoundError):
        training_memory(tmp_path / "store.json", 1)


def test_snakemake_asks_again_once_the_store_is_built(tmp_path):
    """Planned before the store is there, submitted with its size."""
    (tmp_path / "Snakefile").write_text(
        """
from pathlib import Path
from workflow_scripts.lib.store_memory import training_memory

rule train:
    input:
        store="store.json",
    output:
        "model",
    resources:
        mem_mb=lambda wildcards, input, attempt: training_memory(input.store, attempt),
    shell:
        "echo {resources.mem_mb} > {output}"

rule build:
    output:
        "store.json",
    run:
        Path("0.npy").write_bytes(bytes(3_000_000))
        Path("store.json").write_text('{"shards": ["0"]}')
"""
    )
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "train", "-d", str(tmp_path)]
    command += ["-s", str(tmp_path / "Snakefile"), "--workflow-profile", "none"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"16003\s*", (tmp_path / "model").read_text())
