"""Initialisations of the user's own: order, learning rates, comparisons, checks, plan."""

from pathlib import Path

import pytest
import yaml
from safetensors.torch import save_file
from snakemake.exceptions import WorkflowError

from echoclr_core.design.grid import Grid
from echoclr_core.design.initialisations import encoder_of, initialisation_settings, normalisation_of
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.reporting.label_efficiency import figure_content
from echoclr_core.reporting.style import own_initialisations
from workflow_scripts.lib.config_checks import resolve_config
from workflow_scripts.lib.config_slices import in_order
from workflow_scripts.lib.user_files import UserFiles
from workflow_scripts.lib.weight_checks import own_weight_problems

ROOT = Path(__file__).resolve().parents[2]
SMALL = EncoderSettings(name="r3d", width=4, blocks=(1, 1, 1, 1))


@pytest.fixture
def config():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["initialisations"] = {"panecho": {"title": "PanEcho", "weights": "panecho.safetensors"}}
    config["finetune"]["initialisations"] = ["echoclr", "panecho", "random"]
    config["explain"] |= {"reference": "panecho"}
    return config


def problems(config):
    with pytest.raises(WorkflowError) as caught:
        resolve_config(config, ROOT, check_paths=False)
    return str(caught.value)


def test_own_initialisations_stand_between_other_weights_and_the_methods(config):
    grid = Grid(in_order(resolve_config(config, ROOT, check_paths=False)))
    assert grid.inits == ["random", "panecho", "echoclr"]
    assert grid.init_titles == [["panecho", "PanEcho"]]
    assert grid.methods == ["simclr", "mi_simclr", "echoclr"]


@pytest.mark.parametrize(
    ("entry", "ratio", "rates"),
    [
        ({}, "0.01", ["1e-4", "5e-5", "1e-5"]),
        ({}, "1", ["1e-4"]),
        ({"learning_rates": ["0.01"]}, "1", ["0.01"]),
        ({"learning_rates": ["0.01"]}, "0.1", ["1e-4", "5e-5", "1e-5"]),
        ({"learning_rates_few": [0.1, "0.05"]}, "0.1", ["0.1", "0.05"]),
    ],
)
def test_learning_rates_of_its_own(config, entry, ratio, rates):
    config["initialisations"]["panecho"] |= entry
    assert Grid(config).rates("panecho", ratio) == rates


def test_encoder_and_normalisation_of_its_own(config):
    assert encoder_of(config, "panecho") == {"name": "r3d_18"}
    config["model"] |= {"encoder": "r3d", "width": 8, "blocks": [1, 1, 1, 1]}
    assert encoder_of(config, "panecho") == {"name": "r3d", "width": 8, "blocks": [1, 1, 1, 1]}
    config["initialisations"]["panecho"] |= {"encoder": "r2plus1d_18", "normalisation": "imagenet"}
    assert encoder_of(config, "panecho") == {"name": "r2plus1d_18"}
    assert encoder_of(config, "echoclr")["name"] == "r3d"
    assert [normalisation_of(config, init) for init in ("panecho", "kinetics400", "echoclr")] == [
        *("imagenet", "kinetics400", "min-max")
    ]
    before = initialisation_settings(config, "panecho")
    config["initialisations"]["panecho"]["title"] = "another title"
    assert initialisation_settings(config, "panecho") == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"initialisations": {"random": {"weights": "x"}}}, "initialisations.random: random is built in"),
        ({"initialisations": {"panecho": {"title": "x"}}}, "'weights' is a required property"),
        (
            {"initialisations": {"panecho": {"weights": "x", "wieghts": "y"}}},
            "initialisations.panecho.wieghts: unknown key; did you mean weights?",
        ),
        (
            {"initialisations": {"panecho": {"weights": "x", "encoder": "r3d_81"}}},
            "initialisations.panecho.encoder: 'r3d_81' is not known",
        ),
        (
            {"initialisations": {"panecho": {"weights": "x", "learning_rates": ["0.1", 0.1]}}},
            "initialisations.panecho.learning_rates: 0.1 and '0.1' are the same rate",
        ),
        (
            {"finetune": {"initialisations": ["panecho", "echoclr", "panehco"]}},
            "finetune.initialisations: panehco is neither built in nor defined under initialisations",
        ),
        (
            {"evaluate": {"comparisons": [["echoclr", "simclr"]]}},
            "simclr is not in finetune.initialisations",
        ),
        ({"evaluate": {"comparisons": [["echoclr", "echoclr"]]}}, "compares an initialisation with itself"),
        ({"evaluate": {"comparisons": [["echoclr", "panecho"]] * 2}}, "stands there more than once"),
        ({"pretrain": {"methods": ["moco"]}}, "pretrain.methods: 'moco' is no pretraining method; allowed"),
        ({"pretrain": {"method_options": {"vicreg": {"x": 1}}}}, "vicreg has no such option; allowed are"),
        ({"evaluate": {"comparisons": [["echoclr"]]}}, "allowed is a list of 2 or more"),
    ],
)
def test_wrong_names_are_told(config, change, said):
    for section, values in change.items():
        if section == "initialisations":
            config[section] = values
        else:
            config[section] |= values
    assert said in problems(config)


def weights_file(path, settings=SMALL):
    save_file(
        {name: held.contiguous() for name, held in build_encoder(settings, seed=3).state_dict().items()}, path
    )
    return path


def own_weights_problems(config, path):
    config["model"] |= {"encoder": "r3d", "width": 4, "blocks": [1, 1, 1, 1]}
    config["initialisations"]["panecho"]["weights"] = str(path)
    return own_weight_problems(config)


def test_weights_are_loaded_on_trial_before_any_job(config, tmp_path):
    assert own_weights_problems(config, weights_file(tmp_path / "w.safetensors")) == []
    [line] = own_weights_problems(config, tmp_path / "other.safetensors")
    assert line.startswith("initialisations.panecho.weights: no weights at")
    wide = EncoderSettings(name="r3d", width=8, blocks=(1, 1, 1, 1))
    [line] = own_weights_problems(config, weights_file(tmp_path / "wide.safetensors", wide))
    assert "does not fit ResNet3D" in line
    assert "other shapes" in line
    (tmp_path / "w.pt").write_bytes(b"\x80\x02}q\x00.")
    [line] = own_weights_problems(config, tmp_path / "w.pt")
    assert "python -m tools.convert_weights" in line


def test_the_digest_follows_what_the_file_holds(config, tmp_path):
    path = weights_file(tmp_path / "w.safetensors")
    config["initialisations"]["panecho"]["weights"] = str(path)
    before = UserFiles(config, active=True, made_here=True).initial_weights("panecho")
    assert len(before) == 32
    moved = path.rename(tmp_path / "moved.safetensors")
    config["initialisations"]["panecho"]["weights"] = str(moved)
    assert UserFiles(config, active=True, made_here=True).initial_weights("panecho") == before
    weights_file(moved, EncoderSettings(name="r3d", width=4, blocks=(1, 1, 1, 2)))
    assert UserFiles(config, active=True, made_here=True).initial_weights("panecho") != before
    assert UserFiles(config, active=True, made_here=True).initial_weights("echoclr") == ""


OWN = """
initialisations: {panecho: {title: PanEcho, weights: w.safetensors, learning_rates: ["0.01"]}}
finetune: {initialisations: [random, panecho, echoclr], ratios: [1.0]}
evaluate: {comparisons: [[echoclr, panecho], [panecho, random]]}
"""


def test_a_study_with_weights_of_ones_own_is_planned(study_of, tmp_path):
    plan = study_of(tmp_path, ROOT / "config" / "smoke.yaml").plan(overlay=OWN)
    assert plan["finetune_model"] == 2 * 3
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    assert study.plan("results/smoke/finetune/lvh/panecho/1/0/0.01/model.safetensors", overlay=OWN)


VICREG = """
pretrain: {methods: [], method_options: {vicreg: {covariance_weight: 4}}}
finetune: {initialisations: [echoclr, vicreg, random]}
"""


def test_a_method_that_is_not_the_papers_is_planned_and_named(study_of, tmp_path, config):
    done = study_of(tmp_path, ROOT / "config" / "smoke.yaml").run("--dry-run", overlay=VICREG)
    assert "results/smoke/pretrain/vicreg/encoder.safetensors" in done.stdout
    assert "results/smoke/pretrain/mi_simclr/encoder.safetensors" not in done.stdout
    config["finetune"]["initialisations"] = ["echoclr", "vicreg", "panecho"]
    grid = Grid(in_order(resolve_config(config, ROOT, check_paths=False)))
    assert grid.inits == ["panecho", "vicreg", "echoclr"]
    assert grid.init_titles == [["panecho", "PanEcho"], ["vicreg", "VICReg", "method"]]
    with own_initialisations(grid.init_titles):
        assert figure_content("2")[1] == ["random", "kinetics400", "panecho", "echoclr"]
        assert figure_content("3")[1] == ["vicreg", "simclr", "mi_simclr", "echoclr"]


def test_options_of_a_method_plan_its_own_pretrainings(finished):
    """Of the small study none has any; a method that is added later brings its own jobs alone."""
    assert finished.jobs(overlay={"pretrain": {"method_options": {"vicreg": {"variance_weight": 9}}}}) == {}


def test_without_a_method_there_is_no_figure_of_methods(study_of, tmp_path):
    overlay = OWN.replace("[random, panecho, echoclr]", "[random, panecho]").replace(
        "[echoclr, panecho], ", ""
    )
    overlay += "explain: {reference: random, model: panecho}\npretrain: {methods: []}\n"
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    done = study.run("--dry-run", overlay=overlay)
    assert "figures/figure2.png" in done.stdout
    assert "figures/figure3.png" not in done.stdout
    assert "pretrain_encoder" not in done.stdout
