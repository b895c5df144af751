"""The grid: the paper's learning-rate rule, names in paths."""

from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from echoclr_core.design.grid import Grid, ratio_label
from echoclr_core.training.repeat_seeds import seed_of
from workflow_scripts.lib.config_slices import in_order

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.mark.parametrize(
    ("init", "ratio", "rates"),
    [
        ("random", "0.01", ["1e-4", "5e-5", "1e-5"]),
        ("kinetics400", "0.1", ["1e-4", "5e-5", "1e-5"]),
        ("echoclr", "0.1", ["0.1", "0.05", "0.001"]),
        ("random", "0.25", ["1e-4"]),
        ("mi_simclr", "1", ["0.1"]),
    ],
)
def test_learning_rates_are_the_papers(config, init, ratio, rates):
    assert Grid(config).rates(init, ratio) == rates


@pytest.mark.parametrize("overlay", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_tasks_are_defined_in_the_order_in_which_they_are_asked(config, overlay):
    """Figures and tables follow the definitions; the configuration must not show another order elsewhere."""
    update_config(config, yaml.safe_load(overlay.read_text()))
    asked = list(config["finetune"]["tasks"])
    assert Grid(in_order(config)).tasks == [title[0] for title in Grid(config).titles] == asked


def test_paper_grid(config):
    grid = Grid(config)
    assert grid.ratios == ["0.01", "0.05", "0.1", "0.25", "0.5", "1"]
    assert len(grid.selections()) == 60
    assert len(grid.runs()) == 120


def test_every_draw_of_the_labels_meets_every_pretraining(config):
    config["pretrain"]["seeds"], config["finetune"]["draws"] = 2, 3
    grid = Grid(config)
    assert grid.draws == ["0", "1", "2", "0_seed1", "1_seed1", "2_seed1"]
    assert [grid.pretraining_of(draw) for draw in grid.draws] == [0, 0, 0, 1, 1, 1]
    assert [grid.label_draw_of(draw) for draw in grid.draws] == [0, 1, 2, 0, 1, 2]
    assert grid.pretrained() == [
        *("simclr", "mi_simclr", "echoclr"),
        *("simclr_seed1", "mi_simclr_seed1", "echoclr_seed1"),
    ]
    assert len(grid.runs()) == 6 * 120
    assert seed_of(7, 0) == 7  # the first pretraining is the study's own
    assert len({seed_of(7, number) for number in range(5)}) == 5


def test_ratio_label():
    assert [ratio_label(ratio) for ratio in (0.01, 0.10, 0.5, 1.0, 1)] == ["0.01", "0.1", "0.5", "1", "1"]


def test_only_methods_that_are_needed(config):
    config["pretrain"]["methods"] = []
    config["finetune"]["initialisations"] = ["random", "simclr"]
    assert Grid(config).methods == ["simclr"]
