"""A finished study that was copied plans nothing, whether or not the copy kept the times of its files."""

import copy
import os
import subprocess

import pytest

from workflow_scripts.lib.copied_study import record_times, restore_times, warn_of_missing_records

STATE = "results/smoke/state"
WITH_TIMES, WITHOUT_TIMES = ["cp", "-a"], ["cp", "-r"]
RESTORED = "copied without the times"
EARLIER = 3600  # s since 1970


@pytest.fixture
def copied(finished, tmp_path):
    """copied(command) -> a planner of a copy of the finished study."""

    def make(command):
        record_times(finished.directory / STATE)
        subprocess.run([*command, str(finished.directory), str(tmp_path / "copy")], check=True)
        study = copy.copy(finished)
        study.directory = tmp_path / "copy"
        if command == WITHOUT_TIMES:  # even if the copy was made within the second
            os.utime(study.directory / STATE / "times.json", (EARLIER, EARLIER))
        return study

    return make


def test_a_copy_with_times_plans_nothing(copied):
    text = copied(WITH_TIMES).reasons()
    assert "Nothing to be done" in text
    assert RESTORED not in text


def test_a_copy_without_times_plans_nothing_and_changes_still_count(copied):
    study = copied(WITHOUT_TIMES)
    text = study.reasons()
    assert "Nothing to be done" in text
    assert RESTORED in text
    text = study.reasons(overlay={"finetune": {"max_epochs": 2}})
    assert "rule finetune_model:" in text
    assert "rule pretrain_encoder:" not in text
    assert RESTORED not in text, "done once"


def test_without_the_record_a_copy_without_times_plans_jobs(copied):
    """What the record is for."""
    study = copied(WITHOUT_TIMES)
    (study.directory / STATE / "times.json").unlink()
    assert study.jobs()


def test_a_study_that_is_where_it_was_keeps_its_times(tmp_path, capsys):
    record_times(tmp_path)
    output = tmp_path / "results" / "x"
    output.parent.mkdir()
    output.touch()
    os.utime(output, (5, 5))
    restore_times(tmp_path, ["results"], tmp_path / ".snakemake")
    assert output.stat().st_mtime == 5
    assert capsys.readouterr().err == ""


def test_results_without_the_engines_records_are_warned_of(tmp_path, capsys):
    """Snakemake takes outputs without records for up to date, whatever the settings are now."""
    warn_of_missing_records(tmp_path, tmp_path / ".snakemake")
    assert capsys.readouterr().err == "", "a study that was not begun"
    record_times(tmp_path)
    warn_of_missing_records(tmp_path, tmp_path / ".snakemake")
    assert "Copy .snakemake together with results/" in capsys.readouterr().err
