"""The small study through profiles/slurm-cpu on a real SLURM, and what happens to it on clusters."""

import os
import re
import shutil
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest
from slurm_cluster import jobs, kill_node, slurm, start_node, wait_for_job
from small_study import ROOT, SmallStudy, differences, wait_until

PROFILE = str(ROOT / "profiles" / "slurm-cpu")
ENCODER = "results/smoke/pretrain/echoclr/encoder.safetensors"
SECONDS_OF_TRAINING = float(os.environ.get("SLURM_TEST_SECONDS", "480"))  # about five limits
ONE_RULE = (ENCODER, "--allowed-rules", "pretrain_encoder", "--rerun-triggers", "mtime")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Nothing but its own jobs on it."""
    assert "up" in slurm("sinfo", "-h", "-o", "%a"), "start it with tools/slurm/up.sh"


def on_slurm(folder: Path, partition: str, *more: str) -> SmallStudy:
    resources = ("--default-resources", f"slurm_partition={partition}", "mem_mb=4000", "runtime=60")
    quick = ("--slurm-init-seconds-before-status-checks", "5", "--latency-wait", "5")
    return SmallStudy(folder, "--workflow-profile", PROFILE, *quick, *resources, *more)


def preempt(victim: str) -> None:
    """A job of the partition above takes the whole node until the other is back in the queue."""
    cpus = slurm("sinfo", "-h", "-o", "%c", "-p", "high").strip()
    answer = slurm("sbatch", "--parsable", "-p", "high", "-c", cpus, "-o", "/dev/null", "--wrap", "sleep 600")
    try:
        wait_until(lambda: state_of(victim) in ("PENDING", "GONE"), 120, f"job {victim} is preempted")
    finally:
        slurm("scancel", answer.strip())


def state_of(job: str) -> str:
    lines = slurm("squeue", "--noheader", "--states=all", "--format=%i|%T").splitlines()
    return dict(line.split("|") for line in lines).get(job, "GONE")


def test_what_cannot_run_is_said_before_any_job(tmp_path):
    for partition, said in (("nowhere", "nowhere is no partition"), ("short", "would wait for ever")):
        study = on_slurm(tmp_path / partition, partition)
        assert study.start("catalog").wait(300) != 0
        assert said in study.said.read_text()
        assert jobs(study.folder) == []


def test_all_that_befalls_a_study_changes_nothing(reference, tmp_path):
    """scancel, requeue, a dead node, preemption; SIGKILL of Snakemake, then the documented commands."""
    study = on_slurm(tmp_path, "low")
    study.start()
    slurm("scancel", wait_for_job(tmp_path, "deidentify_shard"))
    slurm("scontrol", "requeue", wait_for_job(tmp_path, "mask_shard"))
    wait_for_job(tmp_path, "pretrain_encoder")
    time.sleep(5)
    kill_node()
    start_node()
    preempt(wait_for_job(tmp_path, "finetune_model"))
    wait_for_job(tmp_path, "predict_studies")
    study.kill()
    subprocess.run(cancel_command(), shell=True, check=True, cwd=study.folder)
    wait_until(lambda: not jobs(tmp_path, state="RUNNING"), 120, "the jobs are cancelled")
    study.unlock()
    study.run()
    assert differences(reference.digests(), study.digests()) == []


def cancel_command() -> str:
    """The command that docs/running.md gives to cancel the jobs of a run that was killed."""
    page = (ROOT / "docs" / "running.md").read_text()
    [command] = re.findall(r"^squeue .*scancel.*$", page, re.MULTILINE)
    return command


def test_two_jobs_on_one_shard_lose_no_video(reference, tmp_path):
    """Snakemake is killed on the login node and started again, while its job lives on."""
    study = on_slurm(tmp_path, "cpu")
    study.start("deidentify")
    first = wait_for_job(tmp_path, "deidentify_shard")
    time.sleep(5)
    study.kill()
    assert state_of(first) == "RUNNING"
    study.unlock()
    study.run("deidentify")
    mine = {name: digest for name, digest in study.digests().items() if name.startswith("deidentified/0")}
    theirs = {name: digest for name, digest in reference.digests().items() if name in mine}
    assert differences(mine, theirs) == []
    assert sum(name.endswith(".avi") for name in mine) > 50


def prepared(reference: SmallStudy, folder: Path) -> Path:
    """The finished study without its pretraining, for jobs of that rule alone."""
    shutil.copytree(reference.folder, folder, symlinks=True)
    shutil.rmtree(folder / "results" / "smoke" / "pretrain")
    shutil.rmtree(folder / ".snakemake")
    (folder / "said.txt").unlink(missing_ok=True)
    return folder


def log_of_training(folder: Path) -> str:
    return (folder / "results" / "smoke" / "logs" / "pretrain_encoder" / "echoclr.log").read_text()


def steps_a_second(folder: Path) -> float:
    """How fast the training was at its fastest, by its log: what else runs may have slowed the rest."""
    lines = re.findall(r"^\S+ (\d+):(\d+):(\d+),(\d+) .* step (\d+)/", log_of_training(folder), re.MULTILINE)
    rows = [[int(part) for part in line] for line in lines]
    times = [
        3600 * hours + 60 * minutes + seconds + milli / 1000 for hours, minutes, seconds, milli, _ in rows
    ]
    pairs = zip(pairwise(rows), pairwise(times), strict=True)
    return max((after[4] - before[4]) / max(end - begin, 0.1) for (before, after), (begin, end) in pairs)


def test_a_training_longer_than_the_limit_ends_by_itself(reference, tmp_path):
    """In a partition of two minutes, several limits in a row: one submission, the same weights."""
    local = SmallStudy(prepared(reference, tmp_path / "local"))
    overlay = "pretrain: {{max_steps: {}, epochs: 100000, checkpoint_every: 10}}"
    local.run(*ONE_RULE, *local.local(), overlay=overlay.format(100))
    steps = int(steps_a_second(local.folder) * SECONDS_OF_TRAINING)
    (local.folder / ENCODER).unlink()
    local.run(*ONE_RULE, *local.local(), overlay=overlay.format(steps))
    study = on_slurm(
        prepared(reference, tmp_path / "short"), "short", "--set-resources", "pretrain_encoder:runtime=2"
    )
    study.run(*ONE_RULE, overlay=overlay.format(steps))
    limits = log_of_training(study.folder).count("is back in the queue")
    print(f"{limits} time limits in a row, {steps} steps")
    assert limits >= 2
    assert study.said.read_text().count("has been submitted with SLURM jobid") == 1, "no retry was used up"
    assert (study.folder / ENCODER).read_bytes() == (local.folder / ENCODER).read_bytes()


def test_two_processes_give_what_they_give_without_slurm(reference, tmp_path):
    overlay = "compute: {device: cpu}"
    two = ("--set-resources", "pretrain_encoder:gpu=2")
    local = SmallStudy(prepared(reference, tmp_path / "local"))
    local.run(*ONE_RULE, *local.local(), *two, overlay=overlay)
    study = on_slurm(prepared(reference, tmp_path / "slurm"), "cpu", *two)
    study.run(*ONE_RULE, overlay=overlay)
    assert (study.folder / ENCODER).read_bytes() == (local.folder / ENCODER).read_bytes()
    assert "world" in log_of_training(study.folder) or "processes" in log_of_training(study.folder)


def test_a_gpu_that_does_not_work_ends_the_job_at_once(reference, tmp_path):
    study = on_slurm(
        prepared(reference, tmp_path / "gpu"), "cpu", "--set-resources", "pretrain_encoder:gpu=1"
    )
    begin = time.monotonic()
    assert study.start(*ONE_RULE, "--retries", "0").wait(600) != 0
    assert "GPU" in log_of_training(study.folder)
    assert "driver" in log_of_training(study.folder)
    assert not (study.folder / ENCODER).exists()
    assert time.monotonic() - begin < 300
