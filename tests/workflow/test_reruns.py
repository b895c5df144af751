"""This change runs again exactly these rules."""

import os

import pytest

pytestmark = [pytest.mark.study]

REPORT = {"build_report"}
FIGURES = {"plot_label_efficiency", "plot_evaluation", "make_result_tables"} | REPORT
EVALUATE = {"evaluate_ratio", "collect_evaluation"} | FIGURES
EXPLAIN = {"explain_studies", "plot_saliency"}
FINETUNE = {"finetune_model", "select_learning_rate", "predict_studies", "plot_training"} | EVALUATE | EXPLAIN
PRETRAIN = {"pretrain_encoder"} | FINETUNE
SUBSETS = {"draw_subsets", "digest_training_data"}
COHORT = {"build_cohort", "make_table1", "plot_flow"} | SUBSETS | PRETRAIN
MASK = {"mask_shard", "locate_valves", "build_clip_store", "index_clip_store", "plot_montage"} | COHORT
VIEWS = {"train_view_classifier", "classify_views", "plot_views"} | MASK
AUDIT = {"audit_shard", "plot_contact_sheet", "check_audit"}
DEIDENTIFY = {"deidentify_shard"} | AUDIT | VIEWS

CHANGES = {
    "nothing": ("", set()),
    "report": ("report: {montage_videos: 5}", {"plot_montage"} | REPORT),
    "explain": ("explain: {n_studies: 1}", EXPLAIN | REPORT),
    "evaluate": ("evaluate: {n_resamples: 777}", EVALUATE),
    "finetune": ("finetune: {max_epochs: 2}", FINETUNE),
    "speed": ("compute: {jobs_per_gpu: 3, loader_workers: 1}", set()),
    "pretrain": ("pretrain: {temperature: 0.1}", PRETRAIN),
    "augmentation": ("augmentation: {max_rotation: 5}", PRETRAIN),
    "pretrainings": ("pretrain: {seeds: 2}", SUBSETS | PRETRAIN),
    "subsets": ("finetune: {draws: 2}", SUBSETS | PRETRAIN),
    "cohort": ("cohort: {split_unit: patient}", COHORT),
    "mask": ("mask: {threshold: 100}", MASK),
    "view frames": ("views: {frames: 5}", VIEWS),
    "audit": ("deidentify: {audit_videos: 3}", AUDIT | REPORT),
    "audit's limit": ("deidentify: {max_text_rate: 0.5}", {"check_audit"} | REPORT),
    "deidentify": ("deidentify: {boundary: rectangle}", DEIDENTIFY),
}
# Whatever re-runs evaluation also settles what the report says of the configuration.


@pytest.mark.parametrize("change", CHANGES)
def test_change_runs_exactly(smoke, change):
    overlay, rules = CHANGES[change]
    assert set(smoke.plan(overlay=overlay)) == rules


def test_new_labels_leave_the_videos_alone(smoke):
    labels = smoke.path("smoke_data", "labels.csv")
    before, times = labels.read_bytes(), (labels.stat().st_atime, labels.stat().st_mtime)
    try:
        labels.write_bytes(b"\n".join(before.splitlines()[:-1]) + b"\n")  # one study fewer
        plan = smoke.plan()
    finally:
        labels.write_bytes(before)
        os.utime(labels, times)
    assert set(plan) == COHORT | {"import_labels"}
