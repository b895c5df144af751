"""Each key of the configuration starts what its definition says (x-changes), and nothing else."""

import json
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config" / "schema" / "config.schema.json").read_text())
SMALL = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
KINDS = ("numbers", "output", "nothing")

# Rules that make the audit, evaluation, saliency, figures and tables alone: no data, model or prediction.
OUTPUT_RULES = {
    *("audit_shard", "check_audit", "plot_contact_sheet", "evaluate_ratio", "collect_evaluation"),
    *("list_failures", "write_provenance", "shift_dates"),
    *("perturb_studies", "evaluate_robustness"),
    *("make_result_tables", "make_table1", "explain_studies", "map_valve_landmarks", "build_report"),
    "write_dicom_shard",
}


def leaves(part, above=()):
    for name, key in part["properties"].items():
        if "properties" in key:
            yield from leaves(key, (*above, name))
        else:
            yield ".".join((*above, name)), key


KEYS = dict(leaves(SCHEMA))

# Values that the rule for a changed value below does not find, since keys depend on each other.
VALUES = {
    "tasks": {"lvh": {"positive_above": {"female": 90, "male": 115}}},
    "cohort.development_years": [2017, 2018, 2019, 2020],
    "cohort.external_years": [2022],
    "cohort.split_fractions": [0.7, 0.15, 0.15],
    "cohort.split_unit": "patient",
    "evaluate.age_bands": [50, 70],
    "evaluate.comparisons": [["echoclr", "random"]],
    "explain.model": "simclr",
    "explain.reference": "simclr",
    "explain.tasks": [],
    "export.initialisations": ["simclr"],
    "export.ratio": 0.1,
    "export.tasks": ["lvh"],
    "finetune.low_label_threshold": 0.05,
    "finetune.ratios": [0.1, 0.5, 1.0],
    "finetune.learning_rates.supervised": ["1e-2"],
    "finetune.learning_rates.supervised_few": ["1e-2"],
    "finetune.learning_rates.ssl": ["1e-2"],
    "finetune.learning_rates.ssl_few": ["1e-2"],
    "input.extra_columns": ["age", "race"],
    "input.study_key": "StudyInstanceUID",
    "mask.size": 64,
    "model.blocks": [1, 1, 1, 2],
    "model.encoder": "r2plus1d_18",
    "model.input_size": 24,
    "pretrain.probe_every": 2,
    "pretrain.projector": [8, 4],
    "synthetic.frame_rates": [30],
    "synthetic.other_videos": [1, 2],
    "synthetic.plax_videos": [2, 3],
    "synthetic.screens": [[240, 320]],
    "views.keep": ["plax_zoom"],
    "synthetic.views": ["plax", "a4c"],
}
# Keys without effect in the small study, each with the reason.
WITHOUT_EFFECT = {
    "robustness.perturbations": "part of the study with robustness.in_report alone",
    "pretrain.method_options": "none of its methods has options of its own; see test_initialisations.py",
    "pretrain.methods": "a method that is fine-tuned from is pretrained in any case",
    "finetune.kinetics_weights": "no kinetics400 among its initialisations",
    "input.released_columns": "names some of input.extra_columns, which the small study has none of",
    "deidentify.decisions": "names a file of the user",
    "views.weights": "names a file of the user",
    "initialisations": "names files of the user",
    "views.classifier": "the others need weights",
    "input.avi.dir": "stands for another kind of study",
    "input.avi.table": "stands for another kind of study",
    "input.avi.layout": "stands for another kind of study",
    "input.avi.video": "stands for another kind of study",
    "input.avi.split": "stands for another kind of study",
    "input.avi.view": "stands for another kind of study",
    "input.dicom_dir": "is that of the synthetic cohort",
    "input.labels": "is that of the synthetic cohort",
    "input.pseudonym_key_file": "is that of the synthetic cohort",
    "views.labels": "is that of the synthetic cohort",
    "synthetic.folder": "makes another cohort",
    "study.name": "makes another study",
    "compute.device": "see test_reruns.py",
    "finetune.tasks": "see test_reruns.py",
    "finetune.initialisations": "see test_reruns.py",
    "synthetic.development_studies": "0 makes a study of real data",
    "report.published_source": "has an effect with the paper's tasks and ratios alone",
}


def current(path):
    value = SMALL
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return KEYS[path].get("default")
        value = value[part]
    return value


def changed(path):
    """Another value that is allowed."""
    if path in VALUES:
        return VALUES[path]
    key, value = KEYS[path], current(path)
    if "enum" in key:
        return next(item for item in key["enum"] if item not in (value, None))
    kinds = key.get("type", "array")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "boolean" in kinds:
        return not value
    if "integer" in kinds:
        step = key.get("multipleOf", 1)
        return (value or 5) + step if (value or 5) + step <= key.get("maximum", 10**9) else value - step
    if "number" in kinds:
        return round((value or 0.5) / 2, 6) if value else max(0.5, key.get("minimum", 0))
    if "string" in kinds:
        return f"{value or 'other'}_2"
    return list(value)[:-1] or ["other"]


def overlay_of(paths):
    top = {}
    for path in paths:
        *above, name = path.split(".")
        place = top
        for part in above:
            place = place.setdefault(part, {})
        place[name] = changed(path)
    return top


def of_kind(kind):
    return [path for path, key in KEYS.items() if key["x-changes"] == kind and path not in WITHOUT_EFFECT]


def test_every_key_says_what_it_changes():
    assert {
        path: key.get("x-changes") for path, key in KEYS.items() if key.get("x-changes") not in KINDS
    } == {}
    assert set(WITHOUT_EFFECT) - set(KEYS) == set()
    assert set(VALUES) - set(KEYS) == set()


def test_keys_that_change_nothing_start_nothing(finished):
    assert finished.jobs(overlay=overlay_of(of_kind("nothing"))) == {}


def is_output(rule):
    return rule in OUTPUT_RULES or rule.startswith("plot_")


def test_keys_of_outputs_start_no_data_model_or_prediction(finished):
    """What starts by itself, not because of a job before it, makes outputs alone."""
    # not with evaluate.stratified_intervals, which is another of them
    keys = [path for path in of_kind("output") if path != "evaluate.resample_unit"]
    started = finished.started(overlay=overlay_of(keys))
    assert started
    assert {rule for rule in started if not is_output(rule)} == set()


@pytest.mark.parametrize("path", of_kind("output"))
def test_each_key_of_outputs_starts_something(finished, path):
    assert finished.started(overlay=overlay_of([path]))


def walk(kind):
    """Every key of a kind; those after the first of their section are slow, being many."""
    seen = set()
    for path in of_kind(kind):
        section = path.split(".")[0]
        yield pytest.param(path, marks=[pytest.mark.slow] if section in seen else [])
        seen.add(section)


@pytest.mark.parametrize("path", list(walk("numbers")))
def test_each_key_of_numbers_starts_data_model_or_prediction(finished, path):
    assert {rule for rule in finished.started(overlay=overlay_of([path])) if not is_output(rule)}
