"""Plans and logs of Snakemake in words, from their texts."""

from collections import Counter

import pytest

from workflow_scripts.cli import status
from workflow_scripts.cli.plan import in_words, job_counts, planned_jobs
from workflow_scripts.cli.run_log import RunLog, last_lines, read_log
from workflow_scripts.cli.snakemake_line import rule_stages
from workflow_scripts.cli.why import explained

PLAN = """Building DAG of jobs...
Job stats:
job                count
---------------  -------
catalog_archive        1
mask_shard             2
total                  3

[Sat Nov 28 20:16:11 2026]
rule catalog_archive:
    output: a.parquet
    jobid: 1
    reason: Missing output files: a.parquet
[Sat Nov 28 20:16:11 2026]
rule mask_shard:
    jobid: 2
    reason: Input files updated by another job: a.parquet
[Sat Nov 28 20:16:11 2026]
rule mask_shard:
    jobid: 3
    reason: Input files updated by another job: a.parquet
"""
LOG = """localrule a:
    log: results/x/logs/a.log
    jobid: 1
[date]
localrule b:
    log: results/x/restricted/logs/b.log
    jobid: 2
[date]
Finished jobid: 1 (Rule: a)
localrule c:
    jobid: 3
[date]
Error in rule b:
    message: None
    jobid: 2
    log: results/x/restricted/logs/b.log (check log file(s) for error details)
"""


def test_jobs_and_reasons():
    assert job_counts(PLAN) == {"catalog_archive": 1, "mask_shard": 2}
    assert job_counts("Nothing to be done") == {}
    text = explained(planned_jobs(PLAN))
    assert text.splitlines() == [
        "3 job(s) would run.",
        "  catalog_archive (1): its result is not there yet",
        "  and because of these: mask_shard (2)",
    ]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ('\'{"mask": {"size": 112}}\'', '\'{"mask": {"size": 96}}\'', "mask.size: 112 -> 96"),
        ("'8d054de32937f4ee'", "'0d054de32937f4ee'", "the code that it runs changed"),
        (f"'{'a' * 32}'", f"'{'b' * 32}'", "a file of yours that it reads changed"),
        ("'AccessionNumber'", "'StudyID'", "AccessionNumber -> StudyID"),
    ],
)
def test_changed_parameters_in_words(before, now, words):
    reason = (
        f"Params have changed since last execution: Union of exclusive params: before: {before} now: {now} "
    )
    assert words in in_words(reason)


def test_an_unknown_reason_stays():
    assert in_words("Something new of Snakemake") == "Something new of Snakemake"


def test_running_and_failed_jobs():
    alive, over = read_log(LOG, alive=True), read_log(LOG, alive=False)
    assert alive.running == Counter(c=1)
    assert over.running == Counter()
    assert [rule for rule, _ in over.failures] == ["b"]


def test_logs_of_restricted_are_never_shown(tmp_path):
    log = tmp_path / "restricted" / "logs" / "b.log"
    log.parent.mkdir(parents=True)
    log.write_text("DOE^JANE\n")
    assert "DOE" not in "".join(last_lines(log))
    plain = tmp_path / "c.log"
    plain.write_text("one\ntwo\n")
    assert last_lines(plain)[1:] == ["| one", "| two"]


def test_stages_with_and_without_bar():
    every = Counter(catalog_archive=1, mask_shard=4, mask=1)
    found = RunLog(running=Counter(mask_shard=1), failures=[("mask_shard", None)])
    lines = status.stage_lines(every, Counter(mask_shard=3, mask=1), found, bars=False)
    assert lines == [
        "catalog      1 of 1 done, 0 running, 0 failed, 0 to go",
        "mask         1 of 4 done, 1 running, 1 failed, 1 to go",
    ]
    assert "[######......" in status.stage_lines(every, Counter(mask_shard=3), found, bars=True)[1]


def test_time_left_follows_finished_jobs(tmp_path):
    folder = tmp_path / "mask_shard"
    folder.mkdir()
    (folder / "0000.jsonl").write_text('{"s": 50.0}\n')
    (folder / "0001.jsonl").write_text('{"s": 70.0}\n')
    seconds = status.seconds_by_rule(tmp_path)
    assert seconds == {"mask_shard": 60.0}
    text = status.time_left(Counter(mask_shard=5, build_cohort=1, mask=1), seconds)
    assert "5 min" in text
    assert text.endswith(": build_cohort")
    assert status.time_left(Counter(), seconds) == "everything is done"


def test_every_rule_has_a_stage():
    assert rule_stages()["deidentify_shard"] == "deidentify"
    assert list(dict.fromkeys(rule_stages().values()))[:3] == ["synthetic", "catalog", "deidentify"]
