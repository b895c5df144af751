"""``make gpu-check`` on a GPU; its parts in small on a CPU."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from echoclr_core.options.base import settings_from
from echoclr_core.pretrain.settings import PretrainSettings

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "gpu_check.py"
spec = importlib.util.spec_from_file_location("gpu_check", PROGRAM)
gpu_check = importlib.util.module_from_spec(spec)
sys.modules["gpu_check"] = gpu_check
spec.loader.exec_module(gpu_check)

CPU = torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that PyTorch can use")
def test_the_whole_check_on_a_gpu():
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--small"], capture_output=True, text=True, timeout=1200, check=True
    )
    assert "'bit-identical': True" in done.stdout
    assert "compute.precision:" in done.stdout


@pytest.fixture
def store(tmp_path):
    return gpu_check.make_store(tmp_path, gpu_check.SMALL)


def test_every_combination_of_the_paper_is_measured():
    rows = gpu_check.combinations(gpu_check.PAPER)
    assert len(rows) == 3 * 2 * 2 * 2
    assert {row["micro"] for row in rows} == {196, None}
    assert {row["precision"] for row in rows} == {"fp32", "tf32", "bf16"}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_is_timed(store, precision):
    row = {"precision": precision, "layout": "channels_last_3d", "deterministic": True, "micro": 3}
    found = gpu_check.timed_step(gpu_check.SMALL, store, CPU, row | {"compiled": False})
    assert found["clips/s"] > 0
    assert 0 < found["loss"] < 20


def test_what_fails_is_a_row_with_its_reason(store, monkeypatch):
    def failing(scale, store, device, row):
        if row["precision"] == "bf16":
            raise RuntimeError("CUDA out of memory.\nTried to allocate")
        return {"clips/s": 100.0 + row["deterministic"], "GiB": 1.0, "loss": 5.0 if row["compiled"] else 4.0}

    monkeypatch.setattr(gpu_check, "timed_step", failing)
    table = gpu_check.step_table(gpu_check.SMALL, store, CPU)
    failed = table[table["precision"] == "bf16"]
    assert (failed["reason"] == "RuntimeError: CUDA out of memory.").all()
    compiled = table[table["compiled"]]
    assert compiled["reason"].str.contains(r"the compiled loss is 5\.0000, the eager one 4\.0000").all()


def test_the_recommended_settings_are_right_and_reproducible_unless_that_costs_much():
    steps = pd.DataFrame(
        [
            {
                "precision": "bf16",
                "layout": "contiguous",
                "deterministic": True,
                "micro": None,
                "clips/s": 900,
            },
            {"precision": "bf16", "layout": "channels_last_3d", "deterministic": False, "clips/s": 800},
            {"precision": "bf16", "layout": "channels_last_3d", "deterministic": True, "clips/s": 780},
            {"precision": "tf32", "layout": "contiguous", "deterministic": True, "clips/s": 400},
        ]
    ).assign(compiled=False, micro=None)
    checks = pd.DataFrame(
        [
            {"precision": "bf16", "layout": "contiguous", "wrong": 3},
            {"precision": "bf16", "layout": "channels_last_3d", "wrong": 0},
            {"precision": "fp32", "layout": "contiguous", "wrong": 0},
        ]
    )
    text = "\n".join(gpu_check.recommendation(steps, checks))
    assert "compute.precision: bf16" in text
    assert "compute.memory_format: channels_last_3d" in text
    assert "compute.deterministic: true" in text
    slow = steps.assign(**{"clips/s": [900, 800, 500, 400]})
    assert "compute.deterministic: false" in "\n".join(gpu_check.recommendation(slow, checks))
    assert "compute.device: cpu" in gpu_check.recommendation(steps, checks.assign(wrong=1))[0]


def test_a_process_is_given_every_setting(tmp_path):
    spec = json.loads(json.dumps(gpu_check.process_spec(gpu_check.SMALL, tmp_path, "cpu", sync_bn=True)))
    assert settings_from(PretrainSettings, spec["settings"]).sync_bn


@pytest.mark.slow  # two starts of torchrun
def test_twenty_steps_run_in_a_process_of_their_own(store, tmp_path):
    plain, synchronised = gpu_check.in_processes(gpu_check.SMALL, store, tmp_path, "cpu", 1)
    assert plain["clips/s"] > 0
    assert "reason" not in plain
    assert synchronised["sync_bn"]


@pytest.mark.slow  # tests/pretrain kills smaller runs
def test_a_killed_run_ends_with_the_same_weights(store, tmp_path):
    assert gpu_check.resumed(gpu_check.SMALL, store, tmp_path, "cpu") == {"bit-identical": True}


def test_finetuning_prediction_and_grad_cam_run(store):
    found = gpu_check.finetuned(gpu_check.SMALL, store, "cpu")
    assert found["fine-tuning clips/s"] > 0
    assert found["Grad-CAM"].startswith("(16, 16, 16)")
