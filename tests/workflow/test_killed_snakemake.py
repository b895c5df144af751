"""Snakemake alone is killed while its job lives; the same command started again loses no video."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from secret_keys import write_key

from echoclr_core.common.lifetime import is_running, stamp_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "deidentify"))

from cine_files import archive  # noqa: E402 (stands beside the tests of the library)

pytestmark = pytest.mark.slow
FILES = 10
STUDY = Path("results/killed")
OVERLAY = """
study: {name: killed}
input: {dicom_dir: archive, labels: labels.csv, pseudonym_key_file: key, shards: 1}
synthetic: {development_studies: 0, external_studies: 0, view_studies: 0}
views: {labels: views.csv}
"""
LABELS = """study_key,patient_key,study_date,sex,as_severity,lv_mass_index
ACC-77,MRN 0042,2019-03-12,F,Severe,80
"""


def command(folder, *more):
    (folder / "overlay.yaml").write_text(OVERLAY)
    run = [str(Path(sys.executable).parent / "snakemake"), "--snakefile", str(ROOT / "Snakefile")]
    run += ["--directory", str(folder), "--cores", "1", *more]
    return [*run, "--configfile", str(ROOT / "config/smoke.yaml"), str(folder / "overlay.yaml")]


def job_of(folder):
    """The script that Snakemake runs: the process that says it holds the state folder."""
    record = folder / STUDY / "restricted/state/deidentify/.0000.holder.json"
    return stamp_of(json.loads(record.read_text())["pid"])


def test_no_video_is_lost(tmp_path):
    archive(tmp_path / "archive", [f"loop{number}" for number in range(FILES)])
    write_key(tmp_path / "key")
    (tmp_path / "labels.csv").write_text(LABELS)
    (tmp_path / "views.csv").write_text("video,view\n1.2.826.0.1.1,plax\n")
    target = str(STUDY / "deidentified/0000.parquet")
    said = (tmp_path / "said.txt").open("w")
    first = subprocess.Popen(command(tmp_path, target), cwd=ROOT, stdout=said, stderr=said)
    rows = tmp_path / STUDY / "restricted/state/deidentify/0000/rows"
    limit = time.monotonic() + 180
    while len(list(rows.glob("v_*.json"))) < 2:
        assert first.poll() is None, (tmp_path / "said.txt").read_text()
        assert time.monotonic() < limit
        time.sleep(0.01)
    orphan = job_of(tmp_path)
    os.kill(first.pid, signal.SIGKILL)  # Snakemake alone
    first.wait()
    subprocess.run(command(tmp_path, "--unlock"), cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        command(tmp_path, target, "--rerun-incomplete"), cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not is_running(orphan)
    table = pd.read_parquet(tmp_path / target)
    assert table["outcome"].tolist() == ["ok"] * FILES
    written = {path.stem for path in (tmp_path / STUDY / "deidentified/0000").glob("*.avi")}
    assert written == set(table["video_id"])
    log = (tmp_path / STUDY / "restricted/logs/deidentify_shard/0000.log").read_text()
    assert "done in" in log
