"""The registry of figures: every figure of the workflow has number, title, alternative text and caption."""

import re
from pathlib import Path

import pytest

from echoclr_core.reporting.exhibits import FIGURES, TABLES, caption_values, figure_name, task_table

ROOT = Path(__file__).resolve().parents[2]
VALUES = caption_values(n_resamples=10_000, frames=32, n_randomisations=3, saliency_scale="model")


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_described(name):
    figure = FIGURES[name]
    text = figure.caption_text(**VALUES)
    assert figure.alt
    assert text.endswith(".")
    assert "{" not in text


def test_values_reach_the_captions():
    assert "10,000 bootstrap" in FIGURES["figure2"].caption_text(**VALUES)
    assert "all maps of a model" in FIGURES["figure4"].caption_text(**VALUES)
    with pytest.raises(KeyError, match="frames"):
        FIGURES["figure4"].caption_text(colour_scale="all maps")


def test_headings():
    assert FIGURES["figure_s1"].heading == "Figure S1. AUPR by share of labels"
    assert FIGURES["flow"].heading == "From the archive to the sets"
    assert TABLES["table_s1"].heading == "Table S1. The cohort in detail"
    name, table = task_table(1, "Severe AS")
    assert (name, table.heading) == ("table_s3", "Table S3. Severe AS by share of labels")


def test_names_of_files():
    assert figure_name("figure_s2") == ("figure_s2", 1)
    assert figure_name("figure2_page3") == ("figure2", 3)
    with pytest.raises(KeyError, match="figure9"):
        figure_name("figure9")
    with pytest.raises(KeyError, match="figure2_pagex"):
        figure_name("figure2_pagex")


def test_snakemake_reads_the_captions_of_the_registry():
    """Each caption file names its figure and nothing else, and each is used by a rule."""
    rules = (ROOT / "rules" / "report.smk").read_text()
    for path in (ROOT / "report").glob("*.rst"):
        if path.stem != "workflow":
            assert re.findall(r'captions\["(\w+)"\]', path.read_text()) == [path.stem]
            assert path.stem in FIGURES
            assert f"report/{path.name}" in rules or path.stem in re.findall(r"FIGURES = (.*)", rules)[0]
