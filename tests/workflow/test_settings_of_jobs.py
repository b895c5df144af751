"""The slice of the configuration that a rule hands to its script names every field of the core's settings."""

import json
from pathlib import Path

import pytest

from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import settings_from
from echoclr_core.options.mask import MaskOptions
from echoclr_core.views.onnx_model import OnnxSettings
from workflow_scripts.lib.checks import resolve_config
from workflow_scripts.lib.grid import section

ROOT = Path(__file__).resolve().parents[2]
JOBS = {
    "mask": (MaskOptions, {}),
    "augmentation": (AugmentationOptions, {}),
    "evaluate": (EvaluationSettings, {"seed": 0}),
    "cohort": (CohortSettings, {"seed": 0, "tasks": []}),
    "views.onnx": (OnnxSettings, {"threads": 1}),
}


@pytest.mark.parametrize("path", JOBS)
def test_a_section_is_what_the_settings_take(path):
    config = resolve_config({}, ROOT, check_paths=False)
    kind, more = JOBS[path]
    values = json.loads(section(config, path))[path]
    made = settings_from(kind, values | more)
    assert all(getattr(made, name) == getattr(kind(**{name: value}), name) for name, value in values.items())
