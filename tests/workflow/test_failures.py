"""How a run that fails ends: what it says, and that nothing half-written is taken for whole."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from secret_keys import write_key

from echoclr_core.common.storage_errors import storage_problem
from workflow_scripts.lib.last_words import WORTH_OPENING, describe_failure, describe_success

ROOT = Path(__file__).resolve().parents[2]
# Writes each kind of result to a disk with LEFT bytes free; prints what is there afterwards.
FULL_DISK = """
import os, sys
from pathlib import Path
import numpy as np, pandas as pd, torch
from echoclr_core.common.avi_writing import CODECS, write_avi
from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.models.weights import save_weights
from echoclr_core.common.storage_errors import storage_problem

disk, whole = Path(sys.argv[1]), Path(sys.argv[2])
rng = np.random.default_rng(0)
frames = rng.integers(0, 256, (12, 96, 128)).astype(np.uint8)

def table(path):
    with atomic_path(path) as temporary:
        pd.DataFrame({"a": rng.random(20_000)}).to_parquet(temporary)

def arrays(path):
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, a=rng.random(20_000))

KINDS = {
    **{f"{codec}.avi": (lambda path, codec=codec: write_avi(path, frames, 30.0, codec)) for codec in CODECS},
    "table.parquet": table,
    "run.json": lambda path: write_json(path, list(range(20_000))),
    "model.safetensors": lambda path: save_weights(path, {"a": torch.rand(30_000)}, {}),
    "arrays.npz": arrays,
}
for name, write in KINDS.items():
    write(whole / name)
    size = (whole / name).stat().st_size
    for share in (0.02, 0.5, 0.9, 0.99):
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        (disk / "filler").write_bytes(bytes(free - int(share * size)))
        try:
            write(disk / name)
        except Exception as error:
            assert "the disk is full" in (storage_problem(error) or ""), (name, share, repr(error))
        else:
            # what fitted is whole: a table drawn anew may be a little smaller
            assert (disk / name).stat().st_size > 0.98 * size, (name, share)
            (disk / name).unlink()
        assert [path.name for path in disk.iterdir()] == ["filler"], (name, share)
        (disk / "filler").unlink()
print("done")
"""


def test_on_a_full_disk_every_kind_of_file_is_whole_or_not_there(tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    (tmp_path / "disk").mkdir()
    inside = f'mount -t tmpfs -o size=4m tmpfs {tmp_path}/disk && exec "$@"'
    command = ["unshare", "-m", "bash", "-c", inside, "bash", sys.executable, "-c", FULL_DISK]
    done = subprocess.run(
        [*command, str(tmp_path / "disk"), str(whole)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in done.stderr or "must be superuser" in done.stderr:
        pytest.skip("a disk of one's own needs root")
    assert done.stdout.endswith("done\n"), done.stderr[-3000:]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
        (errno.ESTALE, "network folder was lost"),
    ],
)
def test_a_disks_fault_is_said_in_words_and_without_the_path(number, words):
    error = OSError(number, os.strerror(number), "/archive/Kowalska/IM1")
    wrapped = ValueError("cannot write")
    wrapped.__cause__ = error
    for each in (error, wrapped, RuntimeError(f"I/O error: ... (os error {number})")):
        assert words in storage_problem(each)
        assert "Kowalska" not in storage_problem(each)


@pytest.mark.parametrize(
    "error", [ValueError("row 3"), FileNotFoundError(2, "x"), KeyError("a"), OSError("?")]
)
def test_other_errors_are_not_the_disks(error):
    assert storage_problem(error) is None


def job(rule, log, **wildcards):
    return SimpleNamespace(rule=SimpleNamespace(name=rule), log=[str(log)], wildcards_dict=wildcards)


def test_a_failed_run_names_the_job_the_end_of_its_log_and_the_command(tmp_path):
    log = tmp_path / "results/mine/logs/pretrain_encoder/echoclr.log"
    secret = tmp_path / "results/mine/restricted/logs/deidentify_shard/0003.log"
    for path, text in ((log, "first\n" * 50 + "loss is not finite in step 7\n"), (secret, "Kowalska\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    said = describe_failure(
        [
            job("pretrain_encoder", log, method="echoclr"),
            job("deidentify_shard", secret, shard="0003"),
            job("mask_shard", tmp_path / "nothing.log", shard="0001"),
        ],
        ["snakemake", "--configfile", "my study.yaml"],
    )
    assert "3 job(s) failed" in said
    assert "pretrain_encoder (method=echoclr)" in said
    assert "| loss is not finite in step 7" in said
    assert said.count("| first") == 11
    assert "deidentify_shard (shard=0003)" in said
    assert str(secret) in said
    assert "Kowalska" not in said
    assert "ended before it wrote" in said
    assert said.endswith("snakemake --configfile 'my study.yaml'")


def test_a_stopped_run_is_no_failed_one():
    said = describe_failure([], ["snakemake", "mask"])
    assert said.startswith("The run was stopped before its end. What is finished stays")
    assert said.endswith("\n  snakemake mask")
    assert "failed" not in said


def test_a_finished_run_names_what_there_is_to_open():
    results = Path("results/mine")
    said = describe_success(
        ["mask_shard", "build_report", "build_cohort"], results, patients="predict/x", whole=True
    )
    assert said.splitlines() == [
        "Finished: 3 job(s). Open:",
        "  results/mine/cohort/  the studies and their sets",
        "  results/mine/report.html  the report",
    ]
    said = describe_success(["collect_patients"], results, patients="predict/x", whole=True)
    assert "results/mine/predict/x/predictions.csv" in said
    said = describe_success(["mask_shard"], results, patients="predict/x", whole=False)
    assert said.splitlines()[0] == "Finished: 1 job(s); results in results/mine/."
    assert said.endswith("without a target runs the rest of the study.")


def test_what_is_named_is_made_by_its_rule():
    """The paths stand in the rules, not only in the last words."""
    rules = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    for rule, (path, _) in WORTH_OPENING.items():
        text = rules.split(f"rule {rule}:", 1)[1].split("\nrule ", 1)[0]
        assert path.strip("/").split("/")[-1].split(".")[0] in text, rule


def test_the_end_of_a_failed_run_of_snakemake(study_of, tmp_path):
    """A file where the job needs a folder."""
    for name in ("dicom", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "dicom" / "IM1").write_text("nothing")
    write_key(tmp_path / "key")
    study = study_of(tmp_path, ROOT / "config.yaml")
    (tmp_path / "results" / "mine" / "restricted").mkdir(parents=True)
    (tmp_path / "results" / "mine" / "restricted" / "state").write_text("no folder")
    overlay = "study: {name: mine}\ninput: {dicom_dir: dicom, labels: labels.csv, pseudonym_key_file: key}"
    done = study.run("catalog", "--cores", "1", overlay=overlay, check=False)
    assert done.returncode != 0
    assert "1 job(s) failed:\n\nlist_archive" in done.stderr
    assert "its log may name patients and is not shown: results/mine/restricted/logs" in done.stderr
    assert "go on with the same command" in done.stderr
    (tmp_path / "results" / "mine" / "restricted" / "state").unlink()
    done = study.run("catalog", "--cores", "1", overlay=overlay)
    assert "Finished: 3 job(s); results in results/mine/." in done.stderr
    assert "The same command without a target runs the rest of the study." in done.stderr
