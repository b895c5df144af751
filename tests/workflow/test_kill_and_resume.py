"""Pretraining run by Snakemake, killed with it at random moments, ends as if nothing had been."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
STUDY = Path("results/smoke")
RUN = STUDY / "pretrain/echoclr"
BEGUN = "pretraining (echoclr) on"
PRETRAIN = {"batch_size": 6, "epochs": 200, "checkpoint_every": 3}


def prepare(folder, store):
    """The clip store and the tables that the one rule reads, as the rules before it leave them."""
    videos = store.index[["video_id", "study_id", "n_frames", "fps"]]
    sets = {
        study: "val" if number > 5 else "train"
        for number, study in enumerate(sorted(set(videos["study_id"])))
    }
    (folder / STUDY / "clips").mkdir(parents=True)
    (folder / STUDY / "cohort/digests").mkdir(parents=True)
    videos.assign(set=videos["study_id"].map(sets)).to_parquet(folder / STUDY / "cohort/videos.parquet")
    shutil.copy(folder.parent / "index.parquet", folder / STUDY / "clips/0000.parquet")
    shutil.copy(folder.parent / "frames.npy", folder / STUDY / "clips/0000.npy")
    (folder / STUDY / "clips/store.json").write_text(json.dumps({"shards": ["0000"]}))
    (folder / STUDY / "cohort/digests/pretrain.json").write_text('{"videos": "0"}')
    return folder


def start(folder, workers, steps):
    """Snakemake in a session of its own, so that a kill of the session leaves nothing behind."""
    overlay = folder / "overlay.yaml"
    settings = {"model": {"width": 4}, "pretrain": PRETRAIN | {"max_steps": steps}}
    overlay.write_text(yaml.safe_dump(settings | {"compute": {"loader_workers": workers}}))
    command = [str(SNAKEMAKE), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += [str(RUN / "encoder.safetensors"), "--allowed-rules", "pretrain_encoder", "--cores", "1"]
    command += ["--nolock", "--quiet", "--configfile", str(ROOT / "config/smoke.yaml"), str(overlay)]
    with (folder / "said.txt").open("a") as said:
        return subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True)


def log_of(folder):
    path = folder / STUDY / "logs/pretrain_encoder/echoclr.log"
    return path.read_text() if path.exists() else ""


def kill_in_training(process, folder, attempt, steps, delay):
    """SIGKILL the whole session ``delay`` seconds after this attempt has told of ``steps`` steps."""
    limit = time.monotonic() + 120
    while log_of(folder).count(BEGUN) <= attempt or told_steps(folder) < steps:
        assert process.poll() is None, (folder / "said.txt").read_text()[-3000:]
        assert time.monotonic() < limit
        time.sleep(0.005)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def told_steps(folder):
    """Lines of the last attempt about an interval of three steps, times three."""
    return 3 * len(re.findall(r"/\d+, ", log_of(folder).rsplit(BEGUN, 1)[-1]))


@pytest.mark.parametrize(("kills", "steps"), [(1, 90), pytest.param(5, 360, marks=pytest.mark.slow)])
def test_killed_through_snakemake_it_ends_bit_by_bit_the_same(make_store, tmp_path, kills, steps):
    store = make_store((3,) * 8, size=28)
    whole, killed = (prepare(tmp_path / name, store) for name in ("whole", "killed"))
    reference = start(whole, 0, steps)
    draws = random.Random()
    for attempt in range(kills):
        process = start(killed, attempt % 3, steps)
        told = draws.randrange(0 if kills > 1 else 9, steps // 7)  # the only kill comes after a checkpoint
        kill_in_training(process, killed, attempt, told, draws.uniform(0, 0.05))
        assert not (killed / RUN / "encoder.safetensors").exists()
    assert start(killed, 1, steps).wait(120) == 0, (killed / "said.txt").read_text()[-3000:]
    assert reference.wait(120) == 0
    story = log_of(killed)
    assert story.count(BEGUN) == kills + 1
    assert 1 <= story.count("resuming from step") <= kills  # one killed before its first checkpoint has none
    weights = [(folder / RUN / "encoder.safetensors").read_bytes() for folder in (whole, killed)]
    assert weights[0] == weights[1]
    histories = [pd.read_parquet(folder / RUN / "history.parquet") for folder in (whole, killed)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    assert int(histories[0]["step"].iloc[-1]) == steps
    assert len(list((killed / STUDY / "state/pretrain/echoclr").glob("*.pt"))) == 1  # for a longer run
