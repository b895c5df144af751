"""What a finished run tells of itself: sums of benchmark files, versions."""

import json
import re
from pathlib import Path

import pytest

from echoclr_core.reporting.provenance import TOTAL, cost_table
from workflow_scripts.lib import run_facts

ROOT = Path(__file__).resolve().parents[2]


def benchmark(folder, name, **job):
    path = folder / "benchmarks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(job) + "\n")


@pytest.fixture
def finished_study(tmp_path):
    """Two pretrainings on a GPU, one job on a CPU, one that was too short to be measured."""
    for method, hours in (("simclr", 2), ("echoclr", 3)):
        numbers = {"s": 3600 * hours, "cpu_time": 1800 * hours, "max_rss": 1000 * hours}
        benchmark(tmp_path, f"pretrain_encoder/{method}.jsonl", **numbers, resources={"gpu": 2, "mem_mb": 1})
    benchmark(tmp_path, "mask_shard/0000.jsonl", s=36, cpu_time=72.0, max_rss=500, resources={})
    benchmark(tmp_path, "catalog_archive.jsonl", s=0.4, cpu_time="NA", max_rss="NA")
    logs = tmp_path / "logs" / "mask_shard"
    logs.mkdir(parents=True)
    head = "2026-01-0{} 10:00:00,123 INFO python 3.11.7 on x86_64; numpy {}, torch 2.14.1\n"
    (logs / "0000.log").write_text(head.format(1, "2.0.0") + head.format(2, "2.4.6"))
    (tmp_path / "logs" / "check_audit.log").write_text(head.format(3, "2.4.5"))
    return tmp_path


def test_costs_by_stage_sum_to_those_of_the_jobs(finished_study):
    costs = run_facts.costs(finished_study, run_facts.stages(ROOT / "rules"))
    by_stage = {row["stage"]: row for row in costs}
    assert set(by_stage) == {"catalog", "mask", "pretrain"}
    assert by_stage["pretrain"] == {
        "stage": "pretrain",
        "jobs": 2,
        "hours": 5.0,
        "cpu_hours": 2.5,
        "gpu_hours": 10.0,
        "peak_gb": pytest.approx(3000 * 2**20 / 1e9),
    }
    assert by_stage["catalog"]["cpu_hours"] == 0
    lines = [json.loads(path.read_text()) for path in (finished_study / "benchmarks").rglob("*.jsonl")]
    assert sum(row["hours"] for row in costs) == pytest.approx(sum(line["s"] for line in lines) / 3600)
    total = cost_table(costs).set_index("Stage").loc[TOTAL]
    assert (total["Jobs"], total["CPU-hours"], total["GPU-hours"]) == ("4", "2.520", "10.000")
    assert total["Peak memory, GB"] == "3.15"
    assert cost_table([]).empty


def test_every_measured_rule_belongs_to_a_stage():
    known = run_facts.stages(ROOT / "rules")
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    measured = set(re.findall(r'benchmark_file\("(\w+)"', text))
    assert {"pretrain_encoder", "deidentify_shard"} <= measured
    assert measured - set(known) == set()


def test_versions_are_those_of_the_last_attempts(finished_study):
    versions = run_facts.versions(finished_study)
    assert versions == {"numpy": "2.4.5, 2.4.6", "python": "3.11.7", "torch": "2.14.1"}
    assert run_facts.begin_and_end(finished_study) == ("2026-01-01T10:00:00", "2026-01-03T10:00:00")


def test_a_study_without_logs(tmp_path):
    assert run_facts.versions(tmp_path) == {}
    assert run_facts.begin_and_end(tmp_path) == ("", "")
    assert run_facts.costs(tmp_path, {}) == []
