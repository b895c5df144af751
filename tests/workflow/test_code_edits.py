"""An edit of one module runs exactly the rules whose scripts depend on it, by the digests alone.

What such a rule hands on runs after it, as for a changed setting (test_reruns.py).
"""

from pathlib import Path

import pytest

from echoclr_core.common.modules import imported_modules
from echoclr_core.common.resume import OPTIONS
from workflow_scripts.lib.layout import FRAME, PACKAGES

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "workflow_scripts").glob("*.py") if path.stem != "__init__")
NOT_COUNTED = [ROOT / path for path in (OPTIONS, *FRAME)]

TRAININGS = {"pretrain_encoder", "finetune_model"}
MODELS = {"explain_studies", "export_bundle", "predict_patients", "predict_studies"} | TRAININGS
REVIEW = {"review_shard", "write_review_pages"}

# Module to the scripts, and so the rules, that an edit of it starts.
EDITS = {
    "common/core_dumps.py": set(),
    "options/base.py": set(),
    "tasks/task.py": {"build_cohort", "build_report", "digest_pretraining"},
    "dicom/frame_rate.py": {"catalog_archive", "deidentify_shard"} | REVIEW,
    "deidentify/sector/fit.py": {"deidentify_shard"} | REVIEW,
    "deidentify/shard_jobs.py": {"deidentify_shard", "import_videos"},
    "deidentify/audit/residual_text.py": {"audit_shard"},
    "deidentify/audit/summary.py": {"check_audit"},
    "video/hull.py": {
        "explain_studies",
        "map_valve_landmarks",
        "mask_shard",
        "perturb_studies",
        "predict_patients",
    },
    "video/augmentation.py": MODELS | {"perturb_studies"},
    "views/decision.py": {"classify_views"},
    "views/assessment.py": {"assess_view_classifier"},
    "cohort/label_checks.py": {"catalog_videos", "import_labels", "import_video_labels"},
    "cohort/split.py": {"build_cohort"},
    "cohort/table1.py": {"make_table1"},
    "design/initialisations.py": {"pretrain_encoder"},
    "design/problems.py": set(),
    "models/heads.py": MODELS | {"perturb_studies"},
    "training/loop.py": TRAININGS,
    "training/stopping.py": set(),
    "pretrain/run.py": {"pretrain_encoder"},
    "finetune/step.py": {"finetune_model"},
    "finetune/select.py": {"select_learning_rate"},
    "evaluate/holm.py": {"analyse_repeats", "collect_evaluation", "evaluate_ratio"},
    "evaluate/study_scores.py": {"build_report", "evaluate_ratio", "export_bundle"}
    | {"analyse_repeats", "evaluate_robustness", "list_failures", "plot_failures"},
    "explain/gradcam.py": {"explain_studies", "predict_patients"},
    "reporting/saliency.py": {"build_report", "plot_failures", "plot_saliency"},
    "reporting/sections/overview.py": {"build_report"},
    "predict/study_page.py": {"predict_patients"},
    "synthetic/heart/plax.py": {"make_synthetic_cohort"},
}


@pytest.fixture(scope="module")
def stands_on():
    """Module to the scripts whose digests cover it."""
    found: dict[str, set[str]] = {}
    for script in SCRIPTS:
        for path in imported_modules(script, ROOT, PACKAGES, NOT_COUNTED):
            if path.is_relative_to(ROOT / PACKAGES[0]):
                module = path.relative_to(ROOT / PACKAGES[0]).as_posix()
                found.setdefault(module, set()).add(script.stem)
    return found


@pytest.mark.parametrize("module", EDITS)
def test_an_edit_runs_exactly(stands_on, module):
    assert (ROOT / PACKAGES[0] / module).is_file()
    assert stands_on.get(module, set()) == EDITS[module]


def test_every_room_has_an_edit():
    rooms = {path.parent.name for path in (ROOT / PACKAGES[0]).glob("*/__init__.py")}
    assert {module.split("/")[0] for module in EDITS} == rooms


def test_a_release_without_an_edit_starts_nothing(stands_on):
    """The number of the version decides no result; what is not computed again keeps the number it records."""
    assert "version.py" not in stands_on


def test_later_rooms_start_no_training(stands_on):
    """Whatever is edited in evaluate, explain, reporting and predict, no encoder and no model is trained."""
    later = ("evaluate/", "explain/", "reporting/", "predict/")
    started = {name for module, names in stands_on.items() if module.startswith(later) for name in names}
    assert not started & (TRAININGS | {"build_cohort", "draw_subset", "mask_shard", "deidentify_shard"})
    assert not any(
        "pretrain_encoder" in names for module, names in stands_on.items() if module.startswith("finetune/")
    )
