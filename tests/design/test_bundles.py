"""A study of which no bundle can be written is told when the target is planned."""

from pathlib import Path

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from echoclr_core.design.bundles import export_problems
from workflow_scripts.lib.refusals import refuse_target

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def test_the_papers_bundles_can_be_written(config):
    assert export_problems(config) == []


@pytest.mark.parametrize("keep", [["plax_plax", "a4c"], {"plax": ["plax_plax", "plax_far"]}])
def test_several_classes_are_refused(config, keep):
    config["views"]["keep"] = keep
    with pytest.raises(WorkflowError, match="one class of the view classifier; this study keeps"):
        refuse_target("export", export_problems(config))(None)


def test_two_bundles_never_share_a_folder(config):
    config["tasks"] |= {"severe_as_own": config["tasks"]["severe_as"]}
    config["finetune"] |= {
        "tasks": ["severe_as", "severe_as_own"],
        "initialisations": ["random", "own_random"],
    }
    config["export"]["initialisations"] = ["random", "own_random"]
    (line,) = export_problems(config)
    assert "severe_as_own_random" in line
    config["export"]["initialisations"] = ["random"]
    assert export_problems(config) == []
