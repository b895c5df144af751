"""What would be run: the paper's grid, an archive of its size, the cluster's profile."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from planning import Planner

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / "tests" / "config" / "archive.yaml"


@pytest.fixture(scope="module")
def archive_plan(study_of, tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("archive"), ARCHIVE).plan()


@pytest.fixture(scope="module")
def demo_jobs(tmp_path_factory):
    """demo_jobs(target) -> rule to number of jobs of the demo, each target planned once."""
    return functools.cache(Planner(tmp_path_factory.mktemp("demo"), ROOT / "config" / "demo.yaml").jobs)


def test_paper_size_archive_is_planned_without_a_file(archive_plan):
    # 125 shards of 100 studies each; no job a video, so 447,653 videos are as many jobs as 12,500 studies.
    assert {rule: archive_plan[rule] for rule in ("catalog_archive", "deidentify_shard", "mask_shard")} == {
        "catalog_archive": 1,
        "deidentify_shard": 125,
        "mask_shard": 125,
    }


def test_grid_is_the_papers(archive_plan):
    # 2 tasks x 5 initialisations x (3 ratios up to 10 % x 3 rates + 3 ratios x 1 rate) = 120 fine-tunings.
    assert archive_plan["pretrain_encoder"] == 3
    assert archive_plan["finetune_model"] == 120
    assert archive_plan["select_learning_rate"] == 2 * 5 * 6
    assert archive_plan["predict_studies"] == archive_plan["evaluate_ratio"] == 2 * 6


def test_workshop_version(study_of, tmp_path):
    plan = study_of(tmp_path, ARCHIVE, ROOT / "config" / "imlh2022.yaml").plan()
    # severe AS only, seven ratios of which three are up to 10 %
    assert plan["finetune_model"] == 5 * (3 * 3 + 4)
    assert plan["evaluate_ratio"] == 7


def test_the_first_hour_on_an_archive(study_of, tmp_path):
    plan = study_of(tmp_path, ARCHIVE, ROOT / "config" / "trial.yaml").plan()
    assert plan["pretrain_encoder"] == 1
    # 2 tasks x 2 initialisations, all labels, one learning rate
    assert plan["finetune_model"] == 2 * 2
    assert plan["build_report"] == 1


def test_slurm_profile_plans(study_of, tmp_path):
    profile = str(ROOT / "profiles" / "slurm")
    plan = study_of(tmp_path, ROOT / "config" / "demo.yaml").plan("--workflow-profile", profile)
    assert plan["pretrain_encoder"] == 3
    # 2 tasks x 4 initialisations x 2 ratios, one learning rate
    assert plan["finetune_model"] == 2 * 4 * 2


@pytest.mark.parametrize(
    ("target", "last"),
    [
        ("catalog", "catalog_archive"),
        ("deidentify", "check_audit"),
        ("views", "classify_views"),
        ("mask", "index_clip_store"),
        ("cohort", "make_table1"),
        ("pretrain", "pretrain_encoder"),
        ("finetune", "predict_studies"),
        ("evaluate", "make_result_tables"),
        ("export", "export_bundle"),
        ("explain", "explain_studies"),
        ("perturb", "evaluate_robustness"),
        ("report", "build_report"),
    ],
)
def test_every_stage_is_a_target(demo_jobs, target, last):
    assert last in demo_jobs(target)


def test_the_synthetic_archive_can_be_catalogued_by_itself(study_of, tmp_path):
    overlay = ROOT / "config" / "synthetic_archive.yaml"
    plan = study_of(tmp_path, overlay).plan("catalog")
    assert plan == {"make_synthetic_cohort": 1, "list_archive": 1, "catalog_archive": 1, "catalog": 1}
    cohort = yaml.safe_load(overlay.read_text())["synthetic"]
    studies = cohort["development_studies"] + cohort["external_studies"]
    videos = sum(sum(cohort[name]) / 2 for name in ("plax_videos", "other_videos"))
    assert studies == 12_500
    assert studies * videos == pytest.approx(447_653, rel=0.02)


@pytest.mark.parametrize("target", ["views", "mask", "cohort", "pretrain", "finetune", "evaluate", "explain"])
def test_every_stage_after_the_videos_waits_for_the_audit(demo_jobs, target):
    """keep-going carries a run past a job that failed, so whatever may not go on must depend on it."""
    assert "check_audit" in demo_jobs(target)


def test_reading_the_rules_loads_no_large_library():
    """The Snakefile is read twice in every job of a cluster."""
    text = (ROOT / "rules" / "common.smk").read_text()
    imports = re.findall(r"^from workflow_scripts\S* import .+$", text, re.MULTILINE)
    large = {"pandas", "torch", "matplotlib", "cv2", "pydicom", "av"}
    code = "\n".join([*imports, f"import sys; print(*sorted({large} & set(sys.modules)))"])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert imports
    assert done.stdout.split() == []
