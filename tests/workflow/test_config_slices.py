"""Parameters of rules: slices of the configuration, and lists that stand in the rules as in the core."""

import json
from pathlib import Path

import pytest
import yaml

from workflow_scripts.lib.config_slices import config_slice

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def test_slice_is_sorted_and_leaves_out(config):
    text = config_slice(config, "mask", "study.seed", leave_out=("mask.codec",))
    assert json.loads(text) == {
        "mask": {key: value for key, value in config["mask"].items() if key != "codec"},
        "study.seed": 0,
    }
    shuffled = {**config, "mask": dict(reversed(config["mask"].items()))}
    assert config_slice(shuffled, "mask") == config_slice(config, "mask")


def test_rules_write_every_table_of_the_repeats():
    from echoclr_core.evaluate.repeats import REPEAT_TABLES

    text = (ROOT / "rules" / "evaluate.smk").read_text()
    listed = text.partition("REPEATS = [")[2].partition("]")[0]
    assert json.loads(f"[{listed.strip().rstrip(',')}]") == [*REPEAT_TABLES]


def test_rules_write_every_table_of_the_evaluation():
    from echoclr_core.evaluate.schema import EVALUATION

    text = (ROOT / "rules" / "evaluate.smk").read_text()
    listed = text.partition("EVALUATION = [")[2].partition("]")[0]
    assert json.loads(f"[{listed.strip().rstrip(',')}]") == [*EVALUATION]
