"""A changed setting plans exactly the rules that depend on it, alone and together with another one."""

import itertools

import pytest

REPORT = {"build_report"}
FIGURES = {"plot_label_efficiency", "plot_evaluation", "make_result_tables"} | REPORT
EVALUATE = {"evaluate_ratio", "collect_evaluation"} | FIGURES
EXPLAIN = {"explain_studies", "plot_saliency"}
FINETUNE = {"finetune_model", "select_learning_rate", "predict_studies", "plot_training"} | EVALUATE | EXPLAIN
PRETRAIN = {"pretrain_encoder"} | FINETUNE
SUBSETS = {"draw_subsets", "digest_training_data"}
COHORT = {"build_cohort", "make_table1", "plot_flow"} | SUBSETS | PRETRAIN
# what the verdict of the audit holds back
VERDICT = {"check_audit", "index_clip_store", "plot_montage"} | COHORT | REPORT
MASK = {"mask_shard", "locate_valves", "build_clip_store", "index_clip_store", "plot_montage"} | COHORT
VIEWS = {"train_view_classifier", "classify_views", "plot_views"} | MASK
AUDIT = {"audit_shard", "plot_contact_sheet"} | VERDICT
DEIDENTIFY = {"deidentify_shard"} | AUDIT | VIEWS

CHANGES = {
    "nothing": ({}, set()),
    "report": ({"report": {"montage_videos": 5}}, {"plot_montage"} | REPORT),
    "explain": ({"explain": {"n_studies": 1}}, EXPLAIN | REPORT),
    "evaluate": ({"evaluate": {"n_resamples": 777}}, EVALUATE),
    "finetune": ({"finetune": {"max_epochs": 2}}, FINETUNE),
    "speed": ({"compute": {"jobs_per_gpu": 3, "loader_workers": 1}}, set()),
    "pretrain": ({"pretrain": {"temperature": 0.1}}, PRETRAIN),
    "augmentation": ({"augmentation": {"max_rotation": 5}}, PRETRAIN),
    "pretrainings": ({"pretrain": {"seeds": 2}}, SUBSETS | PRETRAIN),
    "subsets": ({"finetune": {"draws": 2}}, SUBSETS | PRETRAIN),
    "cohort": ({"cohort": {"split_unit": "patient"}}, COHORT),
    "mask": ({"mask": {"threshold": 100}}, MASK),
    "view frames": ({"views": {"frames": 5}}, VIEWS),
    "audit": ({"deidentify": {"audit_videos": 3}}, AUDIT),
    "audit's limit": ({"deidentify": {"max_text_rate": 0.5}}, VERDICT),
    "deidentify": ({"deidentify": {"boundary": "rectangle"}}, DEIDENTIFY),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_runs_exactly(finished, change):
    overlay, rules = CHANGES[change]
    assert set(finished.jobs(overlay=overlay)) == rules


AUDITS = {"audit", "audit's limit"}
LATER = {"report", "explain", "evaluate", "finetune", "pretrain", "cohort", "mask", "view frames"}


@pytest.mark.parametrize(("audit", "later"), sorted(itertools.product(AUDITS, LATER)))
def test_a_change_of_the_audit_hides_no_later_change(finished, audit, later):
    """Both at once plan what each of them plans: nothing later keeps numbers of an earlier setting."""
    (first, rules), (second, more) = CHANGES[audit], CHANGES[later]
    merged = {name: first.get(name, {}) | second.get(name, {}) for name in first | second}
    assert set(finished.jobs(overlay=merged)) == rules | more
