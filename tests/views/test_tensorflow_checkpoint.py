"""A TensorFlow checkpoint with the published variable names, through both steps of `make zhang`."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from echoclr_core.views.__main__ import main
from echoclr_core.views.checkpoint import import_zhang

ROOT = Path(__file__).resolve().parents[2]
TENSORFLOW = Path(os.environ.get("ECHOCLR_TENSORFLOW_PYTHON", ROOT / ".venv-tensorflow" / "bin" / "python"))
needs_tensorflow = pytest.mark.skipif(
    not TENSORFLOW.exists(), reason="no .venv-tensorflow (made by `make zhang`): TensorFlow is not in .venv"
)


@needs_tensorflow
def test_outputs_equal_tensorflows(tmp_path):
    def run(*arguments):
        subprocess.run([TENSORFLOW, *arguments], check=True, capture_output=True)

    size = ("--width", "2", "--hidden", "16", "--frames", "3")
    run(Path(__file__).with_name("tensorflow_example.py"), tmp_path, *size)
    run(ROOT / "envs" / "tensorflow_variables.py", tmp_path / "example.index", tmp_path / "variables.npz")
    with np.load(tmp_path / "variables.npz") as variables:
        classifier = import_zhang(variables, width=2, hidden=16)
    example = np.load(tmp_path / "example.npz")
    ours = classifier.probabilities(example["frames"])
    assert np.abs(ours - example["probabilities"]).max() < 1e-4
    assert np.ptp(example["probabilities"], axis=0).max() > 0.01


def test_what_is_no_such_checkpoint_is_said_on_one_line(tmp_path, capsys):
    np.savez(tmp_path / "variables.npz", **{"conv1/W": np.zeros(3)})
    assert main([str(tmp_path / "variables.npz"), str(tmp_path / "out.safetensors")]) == 1
    said = capsys.readouterr().err
    assert "variables.npz: checkpoint: 33 variables are not those of Zhang" in said
    assert "conv1/W is unknown" in said
    assert main([str(tmp_path / "none.npz"), str(tmp_path / "out.safetensors")]) == 1
    assert not (tmp_path / "out.safetensors").exists()
