"""Sections of the report from small inputs: what is not known is not printed as if it were."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from echoclr_core.reporting.exhibits import FIGURES, TABLES
from echoclr_core.reporting.report import DataTable, Movie, Picture, Text, render_rst
from echoclr_core.reporting.sections import (
    abbreviations,
    evaluation,
    overview,
    privacy,
    saliency,
    settings,
    training,
)
from echoclr_core.reporting.sections.page import Page

SUMMARY = {
    "n_studies": 2,
    "frames": 32,
    "looped": 1,
    "sector_area": 0.4,
    "valve_area": 0.03,
    "stages": ["head", "encoder.layer4"],
    "reference": "kinetics400",
    "models": {
        "kinetics400": {
            "empty_maps": 0,
            "greatest": 0.5,
            "sector_share": 0.8,
            "valve_share": 0.2,
            "valve_peak": 0.5,
            "correlations": [0.1, None],
        },
        "echoclr": {
            "empty_maps": 2,
            "greatest": 0.0,
            "sector_share": None,
            "valve_share": None,
            "valve_peak": None,
            "correlations": [None, 0.25],
        },
    },
    "studies": [
        {
            "study_id": "s_a",
            "video_id": "v_a",
            "label": 1,
            "study_probability": 0.9,
            "clip_probabilities": {"kinetics400": 0.91, "echoclr": 0.5},
        }
    ],
}


CONFIG = {
    "evaluate": {"n_resamples": 10_000},
    "explain": {"frames": 32, "n_randomisations": 1},
    "report": {"saliency_scale": "figure"},
    "synthetic": {"development_studies": 0},
}


def page(tmp_path, summary, movie_bytes=10):
    folder = tmp_path / "severe_as"
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(summary, sort_keys=True))  # as the workflow writes it
    (tmp_path / "film.mp4").write_bytes(b"x" * movie_bytes)
    files = {
        "saliency": ["figure.png"],
        "saliency_checks": ["checks.png"],
        "saliency_movies": [str(tmp_path / "film.mp4")],
        "saliency_summary": [str(folder / "summary.json")],
    }
    nothing = {"titles": {"severe_as": "Severe AS"}, "inits": [], "methods": []}
    return Page(files=files, config=CONFIG, **nothing)


def test_saliency_section(tmp_path):
    blocks = saliency.section(page(tmp_path, SUMMARY)).blocks
    assert [type(block) for block in blocks] == [
        Text,
        Picture,
        Movie,
        DataTable,
        DataTable,
        Picture,
        DataTable,
    ]
    assert "1 of the 2 videos were shorter" in blocks[1].caption
    where = blocks[4].frame.set_index("Model")
    assert where.loc["Kinetics-400", "Share on the aortic valve"] == "0.200"
    assert where.loc["EchoCLR", "Share inside the sector"] == "–"
    assert where.loc["EchoCLR", "Maps without evidence"] == "2 of 2"
    assert "3.0 %" in blocks[4].caption
    assert blocks[6].frame.columns.tolist() == ["Model", "head", "layer4"]
    assert blocks[3].frame["Video"].tolist() == ["v_a"]
    assert blocks[3].frame["Study, Kinetics-400"].tolist() == [
        "0.900"
    ]  # of the reference, not the first by name


def test_real_cohort_has_no_valve_and_a_large_film_stays_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(saliency, "MAX_MOVIE", 5)
    models = {
        name: values | {"valve_share": None, "valve_peak": None, "correlations": [None, None]}
        for name, values in SUMMARY["models"].items()
    }
    blocks = saliency.section(page(tmp_path, SUMMARY | {"valve_area": None, "models": models})).blocks
    assert [type(block) for block in blocks] == [Text, Picture, Text, DataTable, DataTable]
    assert "film.mp4" in blocks[2].rst
    assert not [name for name in blocks[4].frame.columns if "valve" in name]


def test_why_there_are_no_operating_points_is_said():
    """A validation set of one class gives no thresholds."""
    empty = pd.DataFrame({name: [] for name in ("task", "init", "ratio", "draw", "cohort")})
    assert "There are no operating points" in evaluation._points(empty, {"lvh": "LVH"}).rst


def test_operating_points_and_calibration():
    run = {"task": "lvh", "cohort": "internal", "init": "echoclr", "n_positive": 160, "n_studies": 1063}
    rates = dict.fromkeys(("sensitivity", "specificity", "ppv", "npv"), 0.5)
    bounds = {f"{name}_{side}": 0.4 for name in rates for side in ("low", "high")}
    points = pd.DataFrame(
        [{**run, "criterion": "specificity", "rate": 0.9, **rates, **bounds, "ppv": np.nan}]
    )
    [row] = evaluation.operating_points(points, {"lvh": "LVH"}).to_dict("records")
    assert row["Task and set"] == "LVH, internal test set: 160 cases of 1,063"
    assert row["Kept on validation"] == "specificity 90 %"
    assert row["Sensitivity"] == "0.500 (0.400–0.400)"
    numbers = {
        "prevalence": 0.2,
        "mean_probability": 0.3,
        "brier": 0.1,
        "brier_constant": 0.16,
        "reason": None,
    }
    slopes = {"slope": np.nan, "slope_low": np.nan, "slope_high": np.nan}
    intercepts = {"intercept": 0.1, "intercept_low": -0.2, "intercept_high": 0.4}
    ratios = {f"{name}{side}": 0.5 for name in ("oe_ratio", "brier_scaled") for side in ("", "_low", "_high")}
    line = {"recalibration_intercept": 0.1, "recalibration_slope": 0.85}
    table = pd.DataFrame([{**run, **numbers, **slopes, **intercepts, **ratios, **line}])
    [row] = evaluation.calibration_table(table, {"lvh": "LVH"}).to_dict("records")
    assert row["Intercept"] == "0.10 (-0.20 to 0.40)"
    assert row["Slope"] == "–"
    assert row["O:E"] == "0.50 (0.50–0.50)"
    assert row["Recalibration"] == "0.10 + 0.85 logit(p)"
    none = table.assign(recalibration_intercept=np.nan, recalibration_slope=np.nan)
    [row] = evaluation.calibration_table(none, {"lvh": "LVH"}).to_dict("records")
    assert row["Recalibration"] == "–"


def test_pretraining_runs_have_words_and_units():
    run = {"steps": 12000, "items": 153, "seconds": 560.61, "memory_gib": 1.0663, "rank": 0, "device": "cpu"}
    runs = [run | {"validation_order_accuracy": None}, run | {"validation_order_accuracy": 0.46484}]
    table = training.pretraining_table(["mi_simclr", "echoclr"], runs)
    assert list(table) == [
        *("Method", "Clips or pairs an epoch", "Steps", "Order recognised", "Time, s", "Most memory, GiB")
    ]
    assert table["Order recognised"].tolist() == ["–", "0.465"]
    assert table.loc[0, ["Steps", "Time, s", "Most memory, GiB"]].tolist() == ["12,000", "561", "1.07"]
    assert "Order recognised" not in training.pretraining_table(["mi_simclr"], runs[:1])
    assert training.pretraining_table([], []).empty


@pytest.mark.parametrize("tasks", [[]])
def test_no_saliency_is_said(tmp_path, tasks):
    names = ("saliency", "saliency_checks", "saliency_movies", "saliency_summary")
    empty = Page(files=dict.fromkeys(names, tasks), config=CONFIG, titles={}, inits=[], methods=[])
    [text] = saliency.section(empty).blocks
    assert "explain.tasks" in text.rst


@pytest.mark.parametrize("external", [0, 2])
def test_a_study_without_external_years_names_no_external_set(tmp_path, external):
    sets = ["train", "val", "test", "test"] + ["external"] * external
    studies = pd.DataFrame({"set": sets, "study_year": [2016, 2017, 2018, 2019] + [2021] * external})
    studies.to_parquet(tmp_path / "studies.parquet")
    files = {name: str(tmp_path / "studies.parquet") for name in ("studies", "videos")} | {"selected": ["a"]}
    config = CONFIG | {"cohort": {"split_unit": "study", "external_years": [2021]}}
    page = Page(files=files, config=config, titles={}, inits=(), methods=())
    [said] = overview._test_sets(page)
    shown = str(overview._key_numbers(page).items)
    assert ("2018 to 2019" in said, "2021, later in time" in said) == (True, external > 0)
    assert ("external test studies" in shown) == (external > 0)
    assert ("no study is of 2021" in said) == (external == 0)


def test_settings_of_a_real_cohort_hold_nothing_of_phantoms():
    page = Page(files={}, config=CONFIG, titles={}, inits=(), methods=())
    [table] = settings.section(page).blocks
    assert not table.frame["Key"].str.startswith("synthetic").any()
    assert "explain.frames" in set(table.frame["Key"])
    made = CONFIG | {"synthetic": {"development_studies": 3}}
    [table] = settings.section(Page(files={}, config=made, titles={}, inits=(), methods=())).blocks
    assert "synthetic.development_studies" in set(table.frame["Key"])


def test_every_abbreviation_of_the_captions_is_spelled_out():
    """Words with two capitals or more, of titles, captions and alternative texts."""
    exhibits = [*FIGURES.values(), *TABLES.values()]
    texts = " ".join(f"{one.title} {one.caption} {one.alt}" for one in exhibits)
    found = set(re.findall(r"\b(?:[A-Z]{2,}|[A-Z][a-z]+-?[A-Z]{2,})\b", texts))
    assert {"AUROC", "ROC"} <= found
    assert found - set(abbreviations.ABBREVIATIONS) - {"CAM"} == set()
    assert list(abbreviations.ABBREVIATIONS) == sorted(abbreviations.ABBREVIATIONS)


def test_abbreviations_are_those_of_the_study():
    def shown(**values):
        page = Page(files={}, config={}, methods=[], **values)
        return set(abbreviations.section(page).blocks[0].frame["Abbreviation"])

    paper = shown(titles={"a": "Severe AS", "b": "LVH"}, inits=["random", "simclr", "mi_simclr", "echoclr"])
    assert {"AS", "LVH", "PLAX", "DICOM", "SimCLR", "MI-SimCLR", "EchoCLR", "AUROC"} <= paper
    assert "A4C" not in paper
    other = shown(
        titles={"ef": "EF < 50 %"}, inits=["random", "echoclr"], source="videos", kept="A4C and PSAX"
    )
    assert {"A4C", "PSAX", "EchoCLR", "AUROC"} <= other
    assert not {"AS", "LVH", "PLAX", "DICOM", "SimCLR", "MI-SimCLR"} & other


def test_the_page_says_what_of_its_texts_was_searched():
    columns = {"extra_columns": ["race", "odd `name_"], "released_columns": ["note_"], "max_age": 90}
    page = str(render_rst(privacy.texts_checked(columns)))
    for said in (
        "race",
        "odd 'name_",
        "numbers of six or more digits",
        "more than 24 different texts",
        "note_",
    ):
        assert said in page
    assert "not recognised by this" in page
    assert "Ages above 90 are one category" in page
    plain = privacy.texts_checked({"extra_columns": [], "released_columns": [], "max_age": None})
    assert "Released" not in plain
    assert "Ages are published as they stand" in plain
    assert "holds no name" not in plain
