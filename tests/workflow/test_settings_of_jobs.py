"""The slice of the configuration that a rule hands to its script names every field of the core's settings."""

import json
import re
from pathlib import Path

import pytest

from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import settings_from
from echoclr_core.options.mask import MaskOptions
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.views.onnx_model import OnnxSettings
from workflow_scripts.lib.config_checks import resolve_config
from workflow_scripts.lib.config_slices import config_slice

ROOT = Path(__file__).resolve().parents[2]
JOBS = {
    "mask": (MaskOptions, {}),
    "augmentation": (AugmentationOptions, {}),
    "evaluate": (EvaluationSettings, {"seed": 0}),
    "deidentify": (DeidentifySettings, {}),
    "cohort": (CohortSettings, {"seed": 0, "tasks": [], "known_frame_rate": False}),
    "views.onnx": (OnnxSettings, {"threads": 1}),
}
OTHER_JOBS = [
    f"deidentify.{key}"
    for key in ("keep_videos", "decisions", "write_dicom", "audit_videos", "max_text_rate", "date_shift_days")
]


@pytest.mark.parametrize("path", JOBS)
def test_a_section_is_what_the_settings_take(path):
    config = resolve_config({}, ROOT, check_paths=False)
    kind, more = JOBS[path]
    values = json.loads(config_slice(config, path, leave_out=OTHER_JOBS))[path]
    made = settings_from(kind, values | more)
    assert all(getattr(made, name) == getattr(kind(**{name: value}), name) for name, value in values.items())


def leave_out(rule_file, name):
    """The keys of a section that its rule leaves out, read from the plan of the rule."""
    text = (ROOT / "rules" / rule_file).read_text()
    return set(re.findall(r'"(\w+)"', text[text.index(name) :].partition("]" if "=" in name else "),")[0]))


RUNS = {
    "pretrain": (
        PretrainSettings,
        {"method": "echoclr", "own_options": {}},
        ("pretrain.smk", "PRETRAIN_NO_NUMBER ="),
    ),
    "finetune": (
        FinetuneSettings,
        {"learning_rate": 0.1, "normalisation": "min-max"},
        ("finetune.smk", "leave_out=tuple("),
    ),
}
# keys of speed, which scripts read from the configuration itself
SPEED = {"checkpoint_every", "activation_checkpointing"}


@pytest.mark.parametrize("path", RUNS)
def test_a_run_takes_its_slice_and_what_the_study_adds(path):
    config = resolve_config({}, ROOT, check_paths=False)
    kind, more, rule = RUNS[path]
    without = leave_out(*rule)
    values = {name: value for name, value in config[path].items() if name not in without}
    values |= {name: config[path][name] for name in SPEED & set(config[path])}
    values.pop("scale_validation", None)  # of the validation set, not of the run
    compute = {name: config["compute"][name] for name in ("precision", "memory_format", "deterministic")}
    shared = {"input_size": 112, "augmentation": config["augmentation"], "seed": 0}
    made = settings_from(kind, values | more | compute | shared)
    assert made == kind(**more, input_size=112)


def test_scripts_ask_for_parameters_that_rules_declare():
    """A renamed parameter would fail in a job only, hours after the start."""
    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    declared = set(re.findall(r"^ +(\w+)=", rules, re.MULTILINE))
    folder = ROOT / "workflow_scripts"
    scripts = [*folder.glob("*.py"), *(folder / "lib").glob("*.py")]
    asked = {
        (path.name, name)
        for path in scripts
        for name in re.findall(r"\b(?:snakemake\.)?params\.(\w+)\b", path.read_text())
    }
    assert len(asked) > 50
    assert {one for one in asked if one[1] not in declared | {"get", "items", "keys"}} == set()
