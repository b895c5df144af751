"""The container: jobs run in it where a run asks for it, and nothing knows of it elsewhere."""

import json
import stat

import pytest

from workflow_scripts.lib.containers import IMAGE

APPTAINER = """#!/bin/sh
# Answers as apptainer does; "exec ... IMAGE bash -c COMMAND" is written down and COMMAND run on the host.
if [ "$1" = --version ]; then echo "apptainer version 1.3.4"; exit; fi
echo "$*" >> "$APPTAINER_CALLS"
while [ "$1" != "-c" ]; do shift; done
exec bash -c "$2"
"""
OVERLAY = "synthetic: {development_studies: 6, external_studies: 2, view_studies: 2}\n"
CONTAINER = ("--software-deployment-method", "apptainer")


@pytest.fixture
def study(study_of, tmp_path):
    """A study beside an apptainer that runs on the host, since no engine is at hand."""
    from snakemake_server import ROOT, user_environment

    program = tmp_path / "bin" / "apptainer"
    program.parent.mkdir()
    program.write_text(APPTAINER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    study.environment = {
        "PATH": f"{program.parent}:{user_environment()['PATH']}",
        "APPTAINER_CALLS": str(tmp_path / "calls"),
    }
    return study


def test_a_missing_image_is_told_before_any_job(study):
    done = study.run("--dry-run", *CONTAINER, overlay=OVERLAY, check=False)
    assert done.returncode != 0
    assert "apptainer build echoclr-workflow.sif envs/apptainer.def" in done.stdout + done.stderr
    assert not study.path("calls").exists()


def test_jobs_run_in_the_image_and_only_then_is_it_recorded(study):
    target = ("make_synthetic_cohort", "--cores", "1")
    study.path(IMAGE).touch()
    study.run(*target, *CONTAINER, overlay=OVERLAY)
    calls = study.path("calls").read_text().splitlines()
    assert [f" {IMAGE} " in call for call in calls] == [True]
    assert recorded(study) == {IMAGE}
    study.run(*target, "--forceall", overlay=OVERLAY)
    assert recorded(study) == {None}
    assert len(study.path("calls").read_text().splitlines()) == 1


def recorded(study):
    """The containers in Snakemake's records of outputs."""
    files = [path for path in study.path(".snakemake", "metadata").rglob("*") if path.is_file()]
    assert files
    return {json.loads(path.read_text())["container_img_url"] for path in files}
