"""The schema that follows from the options: what is written, what it refuses, what the core refuses."""

import dataclasses
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from echoclr_core.common.validation import fill_defaults, problems
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import settings_from
from echoclr_core.options.configuration import Configuration
from echoclr_core.options.schema import configuration_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(json.dumps(configuration_schema()))

WRONG = {
    "pretrain": {"batch_size": 1},
    "finetune": {"dropout": 1.0},
    "views": {"onnx": {"std": 0}},
    "mask": {"codec": "h264"},
    "cohort": {"split_fractions": [0.5, 0.5]},
    "synthetic": {"screens": [[10, 320]]},
    "augmentation": {"rotate": 0.5},
    "input": {"study_key": "accession number"},
    "model": {"width": "64 channels"},
    "tasks": {"LVH": {"column": "a"}},
}


def test_the_file_is_what_the_options_give():
    written = ROOT / "config" / "schema" / "config.schema.json"
    assert json.loads(written.read_text(encoding="utf-8")) == SCHEMA, "run `make config`"


def test_the_schema_is_valid_and_allows_every_default():
    Draft202012Validator.check_schema(SCHEMA)
    defaults = fill_defaults(SCHEMA, {})
    assert problems(SCHEMA, defaults) == []
    assert TypeAdapter(Configuration).dump_python(Configuration(), mode="json") == defaults


@pytest.mark.parametrize("section", WRONG)
def test_schema_and_core_refuse_the_same(section):
    value = {section: WRONG[section]}
    assert len(problems(SCHEMA, value)) == 1
    with pytest.raises(ValueError, match=section):
        TypeAdapter(Configuration).validate_python(value)


def test_settings_of_a_job_need_a_value_for_every_field():
    """A default that is filled in silently would be in no rule's params."""
    whole = {"pad": 4, "flip_prob": 0.5, "max_rotation": 10, "rotation_prob": 0.5}
    assert settings_from(AugmentationOptions, whole) == AugmentationOptions(pad=4)
    with pytest.raises(ValueError, match="AugmentationOptions: flip_prob, rotation_prob: no value"):
        settings_from(AugmentationOptions, {"pad": 4, "max_rotation": 10})
    with pytest.raises(ValueError, match="rotate"):
        settings_from(AugmentationOptions, whole | {"rotate": 1})


def test_options_are_frozen_and_keyword_only():
    whole = Configuration()
    with pytest.raises(dataclasses.FrozenInstanceError):
        whole.mask.size = 64
    with pytest.raises(ValueError, match="more than once"):
        type(whole.pretrain)(methods=["echoclr", "echoclr"])
    with pytest.raises((TypeError, ValueError)):
        type(whole.mask)(64)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"pretrain": {"lr": 0.1}}, "pretrain.lr: unknown key"),
        ({"pretrain": {"learning_rat": 0.1}}, "did you mean learning_rate?"),
        ({"input": {"columns": {"study_id": "a"}}}, "it is called input.columns.study_key now"),
        ({"mask": {"codec": "ffv2"}}, "did you mean ffv1?"),
        (
            {"pretrain": {"batch_size": 1}},
            "pretrain.batch_size: 1 is not allowed; allowed is 2 or more",
        ),
        (
            {"tasks": {"a": {"column": "a", "positive_above": "x"}}},
            "or null, or object with female, male",
        ),
        ({"input": {"shards": 0}}, "input.shards: 0 is not allowed; allowed is 1 or more (shards)"),
    ],
)
def test_messages_name_key_value_and_what_is_allowed(value, said):
    [line] = problems(SCHEMA, value)
    assert said in line
