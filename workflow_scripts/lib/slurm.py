"""What SLURM would refuse, or leave waiting for ever, said before the first job is submitted."""

import getpass
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping

from snakemake.exceptions import WorkflowError
from snakemake.resources import Resources

from workflow_scripts.lib.time_limit import parse_time_left

PROFILE = "the first lines of profiles/slurm/profile.yaml"
MIN_JOB_AGE = 240
"""s. The executor looks at its jobs every 180 s or sooner; a job forgotten before never ends for it."""
REFUSALS = re.compile(
    r"allocation failure: .*(configuration is not available|account|partition|time limit|qos|generic resource"
    r"|memory|cpu|policy)",
    re.IGNORECASE,
)


def is_slurm(workflow: object) -> bool:
    """Whether this run submits its jobs to SLURM."""
    settings = getattr(workflow, "executor_settings", None)
    return type(settings).__module__ == "snakemake_executor_plugin_slurm"


def check_cluster(workflow: object) -> None:
    """Raise a WorkflowError that lists all that this cluster would refuse of the jobs to run."""
    requests: dict[str, Mapping] = {}
    for job in workflow.dag.needrun_jobs():
        if not job.is_local and job.rule.name not in requests:
            requests[job.rule.name] = {**job.resources, "threads": job.threads}
    settings = workflow.executor_settings
    found = age_problems(settings.status_command) + request_problems(requests)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise WorkflowError(f"SLURM: {len(found)} problem(s), so no job was submitted:\n{lines}")


def request_problems(requests: Mapping[str, Mapping]) -> list[str]:
    """What no partition of this cluster would run; nothing where SLURM does not answer.

    Parameters
    ----------
    requests
        Rule to its resources, with ``threads``.
    """
    partitions = known_partitions()
    if not partitions:
        return []
    found = _account_problems(requests)
    for rule, wanted in requests.items():
        found += _partition_problems(rule, wanted, partitions) or _node_problems(rule, wanted)
    return list(dict.fromkeys(found))


def known_partitions() -> dict[str, dict[str, str]]:
    """Name to the attributes of each partition, as ``scontrol`` writes them."""
    lines = _output("scontrol", "--oneliner", "show", "partition").splitlines()
    tables = [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]
    return {table["PartitionName"]: table for table in tables if "PartitionName" in table}


def _partition_problems(rule: str, wanted: Mapping, partitions: dict[str, dict[str, str]]) -> list[str]:
    names = [name for name in str(wanted.get("slurm_partition") or "").split(",") if name]
    there = f"there are {', '.join(sorted(partitions))}"
    if not names:
        names = [name for name, table in partitions.items() if table.get("Default") == "YES"]
        if not names:
            return [
                f"slurm_partition: not set, and there is no default partition; set it in {PROFILE}; {there}"
            ]
    unknown = [name for name in names if name not in partitions]
    if unknown:
        return [f"slurm_partition: {', '.join(unknown)} is no partition of this cluster ({rule}); {there}"]
    limits = [parse_time_left(partitions[name].get("MaxTime", "")) for name in names]
    minutes = wanted.get("runtime")
    if isinstance(minutes, int) and None not in limits and minutes * 60 > max(limits):
        return [
            f"runtime: {rule} asks for {minutes} min and partition {', '.join(names)} allows "
            f"{max(limits) / 60:.0f}: it would wait for ever; lower it under set-resources in the profile (a "
            "training that reaches the limit saves and goes on in the next job)"
        ]
    return []


def _account_problems(requests: Mapping[str, Mapping]) -> list[str]:
    enforced = re.search(r"AccountingStorageEnforce\s*=\s*(.*)", _output("scontrol", "show", "config"))
    if enforced is None or "associations" not in enforced[1]:
        return []
    if all(wanted.get("slurm_account") for wanted in requests.values()):
        return []  # the executor compares them with those of the user
    user = getpass.getuser()
    if _output("sacctmgr", "-nP", "list", "user", user, "format=defaultaccount").strip():
        return []
    accounts = _output("sacctmgr", "-nP", "list", "associations", f"user={user}", "format=account").split()
    return [
        f"slurm_account: not set, and you have no default account; set it in {PROFILE}; yours are "
        f"{', '.join(sorted(set(accounts))) or 'none: ask the administrators of the cluster'}"
    ]


def _node_problems(rule: str, wanted: Mapping) -> list[str]:
    """What ``srun --test-only`` says of memory, cores and GPUs; nothing is submitted."""
    command = ["srun", "--test-only", f"--cpus-per-task={wanted['threads']}"]
    for option, key in {"partition": "slurm_partition", "account": "slurm_account"}.items():
        if wanted.get(key):
            command.append(f"--{option}={wanted[key]}")
    for option, key in {"mem": "mem_mb", "time": "runtime", "gpus": "gpu"}.items():
        if isinstance(wanted.get(key), int) and wanted[key] > 0:
            command.append(f"--{option}={wanted[key]}")
    refused = REFUSALS.search(_output(*command, "true", errors=True))
    if refused is None:
        return []
    asked = ", ".join(command[2:])
    return [f"{rule}: {refused[0]} ({asked}); change what it asks for under set-resources in the profile"]


def age_problems(status_command: str | None) -> list[str]:
    """How long SLURM remembers a job that has ended, where the executor needs that to be long enough."""
    match = re.search(r"MinJobAge\s*=\s*(\d+)", _output("scontrol", "show", "config"))
    if status_command != "squeue" or match is None or int(match[1]) >= MIN_JOB_AGE:
        return []
    said = f"MinJobAge of this cluster is {match[1]} s: squeue forgets jobs before they are looked at"
    if shutil.which("sacct") and _run("sacct", "-X", "-n") is not None:
        return [f"{said}; set slurm-status-command: sacct in the profile"]
    return [f"{said}, and sacct does not work here; ask the administrators for {MIN_JOB_AGE} s or more"]


def requeue_by_default(rules: Iterable[object]) -> None:
    """Ask SLURM for each rule to put a preempted job, or one of a dead node, back into the queue.

    Not by the executor's setting ``slurm-requeue``: with it a job that ends as NODE_FAIL, because the cluster
    does not requeue it, is waited for without end.
    """
    for rule in rules:
        if "slurm_extra" not in rule.resources:
            rule.resources.update(Resources.from_mapping({"slurm_extra": "--requeue"}))


def _output(*command: str, errors: bool = False) -> str:
    done = _run(*command, check=not errors)
    return "" if done is None else done.stdout + done.stderr * errors


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=check)
    except (OSError, subprocess.SubprocessError):
        return None
