"""Pretraining in several processes as the rule starts it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from small_pretraining import TINY, specification

from echoclr_core.models.encoder import build_encoder
from echoclr_core.models.weights import load_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.__main__ import run_spec
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.torchrun import run_forwarding, run_in_processes
from echoclr_core.training.stopping import EXIT_STOPPED


def test_two_processes_of_torchrun_give_what_two_chunks_give(make_store, tmp_path):
    """Six steps in float32: the paper's two GPUs against its batch in chunks on one."""
    videos = make_store((3,) * 8).index[["video_id", "study_id"]]
    videos.assign(set=["train"] * 18 + ["val"] * 6).to_parquet(tmp_path / "videos.parquet")
    runs = {}
    for name, size in (("two", None), ("one", 3)):
        settings = PretrainSettings(
            batch_size=6,
            epochs=2,
            learning_rate=1e-3,
            precision="fp32",
            micro_batch_size=size,
            augmentation=AugmentationOptions(pad=2),
        )
        spec = specification(tmp_path, settings, name) | {"threads": 1}
        if name == "two":
            run_in_processes(spec, 2, tmp_path / "spec.json", str(tmp_path / "log"))
        else:
            run_spec(spec)
        encoder = build_encoder(TINY, seed=9)
        load_encoder(spec["output"]["encoder"], encoder)
        record = json.loads((tmp_path / name / "run").read_text())
        runs[name] = (encoder.state_dict(), pd.read_parquet(spec["output"]["history"]), record)
    assert runs["two"][2]["processes"] == 2
    assert "pretraining (echoclr) on" in (tmp_path / "log").read_text()
    for column in ("loss", "order_loss", "contrastive_accuracy", "gradient_norm", "uniformity"):
        np.testing.assert_allclose(runs["two"][1][column], runs["one"][1][column], rtol=0.02)
    for name, tensor in runs["one"][0].items():
        other = runs["two"][0][name].double()
        assert float((tensor.double() - other).norm() / other.norm().clamp(min=1e-9)) < 0.05, name


WAITS = (
    "import signal, sys, time, pathlib\n"
    "def leave(*_):\n    pathlib.Path(sys.argv[1]).write_text('told'); sys.exit(3)\n"
    "signal.signal(signal.SIGTERM, leave)\n"
    "pathlib.Path(sys.argv[1]).write_text('ready')\ntime.sleep(60)"
)


def when_it_says(path, word, act):
    """Do something in a thread once ``path`` holds ``word``."""

    def look():
        while not path.exists() or path.read_text() != word:
            time.sleep(0.01)
        act()

    threading.Thread(target=look, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_request_to_stop_is_passed_on_as_sigterm(tmp_path, number):
    before = signal.getsignal(number)
    when_it_says(tmp_path / "said", "ready", lambda: os.kill(os.getpid(), number))
    with (tmp_path / "log").open("w") as log, pytest.raises(SystemExit) as left:
        run_forwarding([sys.executable, "-c", WAITS, str(tmp_path / "said")], {}, log)
    assert left.value.code == EXIT_STOPPED
    assert (tmp_path / "said").read_text() == "told"
    assert signal.getsignal(number) is before


def test_a_failure_is_an_error(tmp_path):
    with (tmp_path / "log").open("w") as log, pytest.raises(subprocess.CalledProcessError):
        run_forwarding([sys.executable, "-c", "raise SystemExit(4)"], {}, log)


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel tells a process of its parent's death on Linux"
)
def test_processes_are_told_when_their_parent_is_killed(tmp_path):
    code = (
        "import sys; from echoclr_core.pretrain.torchrun import run_forwarding\n"
        "run_forwarding([sys.executable, '-c', sys.argv[1], sys.argv[2]], {}, sys.stderr)"
    )
    said = tmp_path / "said"
    parent = subprocess.Popen([sys.executable, "-c", code, WAITS, str(said)])
    limit = time.monotonic() + 60
    while not said.exists() or said.read_text() != "ready":
        assert time.monotonic() < limit
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while said.read_text() != "told":
        assert time.monotonic() < limit
        time.sleep(0.01)
