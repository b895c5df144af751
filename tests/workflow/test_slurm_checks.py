"""What is said of a SLURM cluster before the first job, with stand-ins for its commands; the profiles."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.resources import Resources

from workflow_scripts.lib import slurm

ROOT = Path(__file__).resolve().parents[2]
CPU = "PartitionName=cpu Default=YES MaxTime=1-00:00:00 State=UP"
SHORT = "PartitionName=short Default=NO MaxTime=01:00:00 State=UP"
GPU = "PartitionName=gpu Default=NO MaxTime=UNLIMITED State=UP"
WANTED = {"runtime": 120, "mem_mb": 1000, "threads": 1}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """cluster(partitions, config, srun, ...): a cluster that answers so."""

    def set_up(*partitions, config="", srun="", sacctmgr="", sacct="exit 1"):
        lines = "\n".join(partitions)
        scripts = {
            "scontrol": f'case "$*" in *partition*) echo "{lines}";; *) echo "{config}";; esac',
            "srun": f"echo '{srun}' >&2; [ -z '{srun}' ]",
            "sacctmgr": sacctmgr,
            "sacct": sacct,
        }
        for name, body in scripts.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return set_up


def problem(requests):
    [found] = slurm.request_problems(requests)
    return found


def test_what_the_cluster_can_run_has_no_problem(cluster):
    cluster(CPU, SHORT)
    assert slurm.request_problems({"mask_shard": WANTED}) == []


def test_a_missing_partition_is_named_with_those_that_there_are(cluster):
    cluster(SHORT, GPU)
    said = problem({"mask_shard": WANTED, "build_cohort": WANTED})
    assert "slurm_partition: not set" in said
    assert "first lines of profiles/slurm/profile.yaml" in said
    assert "gpu, short" in said


def test_an_unknown_partition_is_named(cluster):
    cluster(CPU, SHORT)
    said = problem({"mask_shard": {**WANTED, "slurm_partition": "gpus"}})
    assert "gpus is no partition" in said
    assert "cpu, short" in said


def test_what_would_wait_for_ever_is_refused(cluster):
    """SLURM accepts a longer request than the partition allows and never starts it."""
    cluster(CPU, SHORT, GPU)
    said = problem({"pretrain_encoder": {**WANTED, "slurm_partition": "short"}})
    assert "asks for 120 min and partition short allows 60" in said
    for partition in ("cpu", "gpu", "short,gpu"):
        assert slurm.request_problems({"pretrain_encoder": {**WANTED, "slurm_partition": partition}}) == []


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("allocation failure: Requested node configuration is not available", True),
        ("allocation failure: Invalid account or account/partition combination specified", True),
        ("allocation failure: Required node not available (down, drained or reserved)", False),
        ("srun: error: Unable to contact slurm controller", False),
    ],
)
def test_only_what_no_waiting_would_cure_is_refused(cluster, answer, refused):
    cluster(CPU, srun=answer)
    assert len(slurm.request_problems({"pretrain_encoder": {**WANTED, "gpu": 9}})) == refused


def test_a_missing_account_is_named_where_the_cluster_wants_one(cluster):
    mine = 'case "$*" in *defaultaccount*) ;; *) echo heart; echo lung;; esac'
    cluster(CPU, config="AccountingStorageEnforce = associations,limits", sacctmgr=mine)
    assert "yours are heart, lung" in problem({"mask_shard": WANTED})
    assert slurm.request_problems({"mask_shard": {**WANTED, "slurm_account": "heart"}}) == []
    cluster(CPU, config="AccountingStorageEnforce = associations", sacctmgr="echo heart")
    assert slurm.request_problems({"mask_shard": WANTED}) == []


def test_without_slurm_nothing_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert slurm.request_problems({"mask_shard": WANTED}) == []
    assert slurm.age_problems("squeue") == []


def test_a_cluster_that_forgets_too_soon_is_refused(cluster):
    """The executor would wait without end for a job that squeue does not list any more."""
    cluster(CPU, config="MinJobAge = 300 sec")
    assert slurm.age_problems("squeue") == []
    cluster(CPU, config="MinJobAge = 30 sec")
    assert "does not work here" in slurm.age_problems("squeue")[0]
    cluster(CPU, config="MinJobAge = 30 sec", sacct="true")
    assert "slurm-status-command: sacct" in slurm.age_problems("squeue")[0]
    assert slurm.age_problems("sacct") == []


def test_all_problems_are_listed_at_once_before_any_job(cluster):
    cluster(CPU, config="MinJobAge = 30 sec")
    job = SimpleNamespace(
        rule=SimpleNamespace(name="pretrain_encoder"),
        is_local=False,
        threads=1,
        resources={"runtime": 2880, "slurm_partition": "cpu"},
    )
    workflow = SimpleNamespace(
        dag=SimpleNamespace(needrun_jobs=lambda: [job]),
        executor_settings=SimpleNamespace(status_command="squeue"),
    )
    with pytest.raises(
        WorkflowError, match=r"2 problem\(s\)(.|\n)*MinJobAge(.|\n)*runtime: pretrain_encoder"
    ):
        slurm.check_cluster(workflow)


def test_a_jobs_own_options_of_sbatch_stay():
    rules = [
        SimpleNamespace(resources=Resources.from_mapping(resources))
        for resources in ({"mem_mb": 1}, {"slurm_extra": "--no-requeue"})
    ]
    slurm.requeue_by_default(rules)
    assert "slurm_extra" in rules[0].resources
    assert rules[0].resources["slurm_extra"].raw == "--requeue"
    assert rules[1].resources["slurm_extra"].raw == "--no-requeue"


def profile(name):
    return (ROOT / "profiles" / name / "profile.yaml").read_text()


def test_what_a_user_must_set_stands_in_the_first_ten_lines():
    head = "\n".join(profile("slurm").splitlines()[:10])
    for name in ("slurm_account", "slurm_partition=", "slurm_partition: gpu", "gpu_model"):
        assert name in head


def test_the_profile_without_gpus_is_the_other_without_gpus():
    gpu, cpu = yaml.safe_load(profile("slurm")), yaml.safe_load(profile("slurm-cpu"))
    for rule in gpu["set-resources"].values():
        rule.pop("gpu", None)
    assert cpu == gpu
    assert "gpu" not in profile("slurm-cpu").replace("without GPUs", "")


def test_no_rule_asks_for_more_than_a_day():
    """Most partitions allow no more, and a longer request waits for ever."""
    import re

    texts = [path.read_text() for path in (ROOT / "rules").glob("*.smk")]
    minutes = [int(value) for text in texts for value in re.findall(r"runtime=(\d+)", text)]
    assert len(minutes) > 20
    assert max(minutes) <= 1440
