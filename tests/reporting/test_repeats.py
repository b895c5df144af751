"""The section and the figure of repeats say what the tables hold; a study without repeats has neither."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.repeat_tables import repeat_tables
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.reporting.repeats import paired_differences, repeats_figure
from echoclr_core.reporting.sections import repeats as repeats_section
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import save_figure

TITLES = {"severe_as": "Severe AS", "lvh": "LVH"}
LABELS = np.r_[np.ones(12, int), np.zeros(18, int)]
CONFIG = {
    "evaluate": {"n_resamples": 60},
    "explain": {"frames": 32, "n_randomisations": 1},
    "report": {"saliency_scale": "figure"},
}


def predictions(rng, strength, failed):
    table = pd.DataFrame({"study_id": [f"s{n:02d}" for n in range(30)], "label": LABELS})
    scores = 1 / (1 + np.exp(-strength * LABELS - rng.normal(size=30)))
    table = table.assign(study_probability=scores, video_probability=scores)
    return table.iloc[:0] if failed else table


@pytest.fixture(scope="module")
def tables():
    """Two tasks, both test sets, two shares of labels; EchoCLR is better, SimCLR failed once."""
    rng, parts = np.random.default_rng(1), {}
    for task in TITLES:
        for cohort in ("internal", "external"):
            for ratio in (0.1, 1.0):
                of = {
                    init: {
                        (draw, number): predictions(rng, strength, (init, draw, ratio) == ("simclr", 1, 0.1))
                        for draw in (0, 1)
                        for number in (0, 1)
                    }
                    for init, strength in (("random", 0.0), ("simclr", 0.5), ("echoclr", 4.0))
                }
                settings = EvaluationSettings(n_resamples=60)
                found = repeat_tables(of, task=task, cohort=cohort, ratio=ratio, settings=settings)
                for name, table in found.items():
                    parts.setdefault(name, []).append(table)
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


def page_of(tables, folder):
    files = {"repeat_figures": ["repeats.png", "repeats_page2.png"]}
    for name, table in tables.items():
        files[name] = str(folder / f"{name}.parquet")
        table.to_parquet(files[name])
    return Page(files=files, config=CONFIG, titles=TITLES, inits=[], methods=[])


def test_the_section_begins_with_what_holds(tables, tmp_path):
    made = repeats_section.section(page_of(tables, tmp_path))
    assert made.title == "Repeats"
    text, first, second, claims, means, every = made.blocks
    assert "**EchoCLR over Random**: holds in 8 of 8 comparisons; on average +" in text.rst
    assert "2 draws, 2 pretrainings" in text.rst
    assert (first.source, second.source) == ("repeats.png", "repeats_page2.png")
    assert second.title.endswith("(page 2)")
    assert len(claims.frame) == 2 * 2 * 2 * 2
    failed = claims.frame[claims.frame["Difference of AUROC"].str.startswith("no learning rate")]
    assert set(failed["Labels"]) == {"10 %"}
    assert set(failed["Verdict"]) == {"–"}
    assert claims.frame["SD between them"].str.endswith("(2 pretrainings)").all()
    assert len(means.frame) == 2 * 2 * 2 * 3
    assert means.frame["Worst repeat"].str.contains(r"^[01]\.\d{3} \(draw \d, pretraining \d\)$|^–$").all()
    assert len(every.frame) == 2 * 2 * 3 * 4
    assert {"10 %", "100 %"} <= set(every.frame.columns)
    assert every.frame["Task and set"].iloc[0] == "Severe AS, internal test set"


def test_a_study_of_one_repeat_has_no_section():
    page = Page(files={"repeats": []}, config=CONFIG, titles=TITLES, inits=[], methods=[])
    assert repeats_section.section(page) is None


def test_dots_are_the_paired_differences(tables):
    claim = tables["repeat_claims"].iloc[0].to_dict()
    own = tables["repeats"]
    own = own[(own["task"] == claim["task"]) & (own["cohort"] == claim["cohort"])]
    values = paired_differences(own, claim)
    assert len(values) == 4
    assert values.mean() == pytest.approx(claim["difference"])


def test_the_figure_has_four_panels_and_is_written(tables, tmp_path):
    figure = repeats_figure(tables["repeats"], tables["repeat_claims"], titles=TITLES)
    assert [axis.get_title(loc="left") for axis in figure.axes][:2] == [
        "Severe AS, internal test set",
        "Severe AS, external test set",
    ]
    assert len(figure.axes) == 4
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "EchoCLR − Random, 10%" in labels
    assert "EchoCLR − SimCLR, 10%" not in labels  # a repeat of it failed
    assert all(path.stat().st_size > 5_000 for path in save_figure(figure, tmp_path / "repeats"))


def test_a_figure_without_estimates_says_so(tables):
    none = tables["repeat_claims"].assign(difference=pd.NA)
    figure = repeats_figure(tables["repeats"], none, titles=TITLES)
    assert "No comparison has an estimate" in figure.texts[0].get_text()
