"""A changed setting plans exactly the rules that depend on it, alone and together with another one."""

import itertools

import pytest

REPORT = {"build_report", "write_provenance"}
FIGURES = {"plot_label_efficiency", "plot_evaluation", "make_result_tables"} | REPORT
EVALUATE = {"evaluate_ratio", "collect_evaluation", "list_failures", "plot_failures"} | FIGURES
EXPLAIN = {"explain_studies", "plot_saliency", "plot_failures"}
FINETUNE = {"finetune_model", "select_learning_rate", "predict_studies", "plot_training"} | EVALUATE | EXPLAIN
PRETRAIN = {"pretrain_encoder"} | FINETUNE
SUBSETS = {"draw_subset", "collect_subsets"}
COHORT = {"build_cohort", "make_table1", "plot_flow", "digest_pretraining", "describe_acquisition"}
COHORT |= SUBSETS | PRETRAIN
# what the verdict of the audit holds back
VERDICT = {"check_audit", "index_clip_store", "plot_montage"} | COHORT | REPORT
MASK = {"mask_shard", "map_valve_landmarks", "build_clip_store", "index_clip_store", "plot_montage"} | COHORT
VIEWS = {"train_view_classifier", "assess_view_classifier", "classify_views", "plot_views"} | MASK
AUDIT = {"audit_shard", "plot_contact_sheet"} | VERDICT
DEIDENTIFY = {"deidentify_shard"} | AUDIT | VIEWS

CHANGES = {
    "nothing": ({}, set()),
    "report": ({"report": {"montage_videos": 5}}, {"plot_montage"} | REPORT),
    "explain": ({"explain": {"n_studies": 1}}, EXPLAIN | REPORT),
    "evaluate": ({"evaluate": {"n_resamples": 777}}, EVALUATE),
    "finetune": ({"finetune": {"max_epochs": 2}}, FINETUNE),
    "pretrain": ({"pretrain": {"temperature": 0.1}}, PRETRAIN),
    "augmentation": ({"augmentation": {"max_rotation": 5}}, PRETRAIN),
    "cohort": ({"cohort": {"split_unit": "patient"}}, COHORT),
    "mask": ({"mask": {"threshold": 100}}, MASK),
    "view frames": ({"views": {"frames": 5}}, VIEWS),
    "audit": ({"deidentify": {"audit_videos": 3}}, AUDIT),
    "audit's limit": ({"deidentify": {"max_text_rate": 0.5}}, VERDICT),
    "dates": ({"deidentify": {"date_shift_days": 30}}, {"shift_dates"}),
    "deidentify": ({"deidentify": {"boundary": "rectangle"}}, DEIDENTIFY),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_runs_exactly(finished, change):
    overlay, rules = CHANGES[change]
    assert set(finished.jobs(overlay=overlay)) == rules


AUDITS = ("audit", "audit's limit")
LATER = ("report", "explain", "evaluate", "finetune", "pretrain", "cohort", "mask", "view frames")


@pytest.mark.parametrize(("audit", "later"), list(itertools.product(AUDITS, LATER)))
def test_a_change_of_the_audit_hides_no_later_change(finished, audit, later):
    """Both at once plan what each of them plans: nothing later keeps numbers of an earlier setting."""
    (first, rules), (second, more) = CHANGES[audit], CHANGES[later]
    merged = {name: first.get(name, {}) | second.get(name, {}) for name in first | second}
    assert set(finished.jobs(overlay=merged)) == rules | more


AFTER = {"plot_training": 1, "collect_evaluation": 1, "make_result_tables": 1}
AFTER |= {"list_failures": 1, "plot_failures": 1, "write_provenance": 1}
AFTER |= {"plot_evaluation": 1, "plot_label_efficiency": 1, "build_report": 1}
# The small study: 2 tasks x 4 initialisations x 2 ratios; 2 of these 16 models have a second learning rate.
GRID = {
    "a further ratio": (
        {"finetune": {"ratios": [0.1, 0.5, 1.0]}},
        {"draw_subset": 2, "collect_subsets": 1, "finetune_model": 8, "select_learning_rate": 8}
        | {"predict_studies": 2, "evaluate_ratio": 2},
    ),
    "a ratio less": ({"finetune": {"ratios": [1.0]}}, {"collect_subsets": 1}),
    "a second pretraining": (
        {"pretrain": {"seeds": 2}},
        {"pretrain_encoder": 3, "finetune_model": 18, "select_learning_rate": 16}
        | {"predict_studies": 4, "evaluate_ratio": 4, "analyse_repeats": 1, "plot_repeats": 1},
    ),
    "a second draw": (
        {"finetune": {"draws": 2}},
        {"draw_subset": 4, "collect_subsets": 1, "finetune_model": 18, "select_learning_rate": 16}
        | {"predict_studies": 4, "evaluate_ratio": 4, "analyse_repeats": 1, "plot_repeats": 1},
    ),
    "a further learning rate": (
        {"finetune": {"learning_rates": {"ssl_few": ["1e-3", "1e-4"]}}},
        {"finetune_model": 6, "select_learning_rate": 6, "predict_studies": 2, "evaluate_ratio": 2},
    ),
}


@pytest.mark.parametrize("change", GRID)
def test_a_cell_of_the_grid_plans_its_own_jobs_only(finished, change):
    overlay, jobs = GRID[change]
    assert finished.jobs(overlay=overlay) == jobs | AFTER


NO_NUMBER = {
    "compute": {"jobs_per_gpu": 3, "loader_workers": 1, "checkpoint_minutes": 3, "device": "cpu"},
    "pretrain": {"checkpoint_every": 7, "tensorboard": True, "activation_checkpointing": True},
    "deidentify": {"timeout_seconds": 7, "keep_videos": False},
    "finetune": {
        "initialisations": ["echoclr", "mi_simclr", "random", "simclr"],
        "tasks": ["lvh", "severe_as"],
        "ratios": [1.0, 0.1],
    },
    "cohort": {"development_years": [2020, 2019, 2018, 2017, 2016]},
}


def test_what_changes_no_number_plans_nothing(finished):
    """Speed, comfort, the device that `auto` stands for, and the order of lists."""
    assert finished.jobs(overlay=NO_NUMBER) == {}


def test_threads_count_on_a_cpu_alone(finished):
    """They decide there how sums are rounded; a GPU's numbers do not depend on them."""
    assert "finetune_model" in finished.jobs(overlay={"compute": {"threads": 3}})
    gpu = ["--set-resources", *(f"{rule}:gpu=1" for rule in ("pretrain_encoder", "finetune_model"))]
    on_gpu = finished.reasons(*gpu)
    assert on_gpu.count("rule pretrain_encoder:") == 3  # another device: other digits
    more_threads = finished.reasons(*gpu, overlay={"compute": {"threads": 3}})
    assert more_threads.count("rule finetune_model:") == on_gpu.count("rule finetune_model:")
