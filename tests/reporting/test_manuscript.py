"""The text for the manuscript: facts of the settings and tables, and every citation in the BibTeX."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from echoclr_core.reporting.manuscript.document import manuscript, references
from echoclr_core.reporting.manuscript.methods import methods_text
from echoclr_core.reporting.manuscript.references import ENTRIES, cited
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import own_initialisations

CONFIG = {
    "evaluate": {"n_resamples": 2000, "resample_unit": "study", "target_rate": 0.9},
    "explain": {"tasks": ["lvh"], "n_randomisations": 0},
    "finetune": {"clip_length": 16, "optimizer": "adam", "batch_size": 88, "eval_clips_per_video": 4}
    | {"patience": 5, "max_epochs": 30, "draws": 1, "ratios": [1.0, 0.01]},
    "pretrain": {"clip_length": 4, "batch_size": 392, "temperature": 0.5, "optimizer": "adamw"}
    | {"learning_rate": 0.1},
    "model": {"encoder": "r3d_18"},
    "mask": {"size": 112},
    "views": {"frames": 10},
    "cohort": {"external_years": [2021, 2022]},
    "synthetic": {"development_studies": 0},
    "tasks": {
        "lvh": {"column": "lv_mass_index", "positive_above": {"female": 95, "male": 115}},
        "severe_as": {"column": "as_severity", "positive": ["Severe", "Critical"]},
    },
}


@pytest.fixture
def page(tmp_path, metrics, comparisons):
    studies = {"set": ["train", "test"], "patient_id": ["p", "p"]}
    calibration = {"task": "lvh", "init": "echoclr", "ratio": 1.0, "draw": 0, "cohort": "internal"}
    calibration |= {"oe_ratio": 1.25, "oe_ratio_low": 1.0, "oe_ratio_high": 1.5}
    tables = {
        "studies": pd.DataFrame(studies),
        "videos": pd.DataFrame({"video_id": list("vwxyz")}),
        "metrics": metrics,
        "comparisons": comparisons,
        "calibration": pd.DataFrame([calibration]),
    }
    files = {name: str(tmp_path / f"{name}.parquet") for name in tables}
    for name, table in tables.items():
        table.to_parquet(files[name])
    split = {"unit": "study", "seed": 7, "studies": {"train": 5311, "val": 708, "test": 1063}}
    (tmp_path / "split.json").write_text(json.dumps(split))
    (tmp_path / "run.json").write_text(json.dumps({"steps": 12345}))
    files |= {"split": str(tmp_path / "split.json"), "runs": [str(tmp_path / "run.json")]}
    names = {"inits": ["random", "kinetics400", "echoclr"], "methods": ["echoclr"], "units": {"lvh": "g/m²"}}
    return Page(files=files, config=CONFIG, titles={"lvh": "LVH", "severe_as": "Severe AS"}, **names)


def test_every_citation_is_in_the_bibtex_and_the_other_way_round(page):
    keys = set(re.findall(r"\[@(\w+)\]", manuscript(page)))
    entries = re.findall(r"^@\w+\{(\w+),$", references(page), re.MULTILINE)
    assert keys - set(entries) == set()
    assert set(entries) - keys <= {"chen2020"}  # cited by whom uses the loss alone
    assert {"kay2017", "tran2018", "loshchilov2019", "selvaraju2017"} <= keys
    assert "adebayo2018" not in entries
    assert "azizi2021" not in entries


def test_bibtex_follows_the_settings():
    plain = {
        "finetune": {"optimizer": "adam"},
        "pretrain": {"optimizer": "adam"},
        "model": {"encoder": "s3d"},
    }
    plain |= {"explain": {"tasks": [], "n_randomisations": 3}}
    keys = cited(plain, ["random"], [])
    assert {"tran2018", "kay2017", "chen2020", "selvaraju2017", "adebayo2018"} & set(keys) == set()
    assert keys == [key for key in ENTRIES if key in keys]
    for entry in ENTRIES.values():
        assert entry.count("{") == entry.count("}")
        assert "year = {" in entry


def test_methods_say_what_was_set(page):
    text = manuscript(page)
    for words in (
        "by study, at random with seed 7, into 5,311 for training, 708 for validation and 1,063",
        "1 patient had studies",
        "LVH was defined as lv_mass_index above 95 (female) and 115 (male) g/m².",
        "Severe AS was defined as as_severity “Severe” or “Critical”.",
        "EchoCLR 12,345",
        "batches of 392, temperature 0.5, the optimiser adamw",
        "1 % and 100 % of the labelled training studies (nested random subsets, 1 draw)",
        "2,000 bootstrap resamples of studies",
    ):
        assert words in text
    assert "external test set." not in text.partition("# Results")[0]  # there is none in this split
    assert "synthetic" not in text


def test_patients_and_methods_that_a_study_lacks_are_not_told(page):
    assert "EchoCLR contrasts clips of two videos of one study and predicts the order" in methods_text(page)
    assert "MI-SimCLR" not in methods_text(page)
    pd.DataFrame({"set": ["train", "test"], "patient_id": [None, None]}).to_parquet(page.files["studies"])
    assert "more than one set" not in methods_text(page)


def test_vicreg_is_described_and_cited(page):
    vicreg = replace(page, inits=["random", "vicreg"], methods=["vicreg"])
    with own_initialisations([["vicreg", "VICReg"]]):
        assert "decorrelates coordinates [@bardes2022]" in methods_text(vicreg)
    assert "@inproceedings{bardes2022," in references(vicreg)


def test_results_say_what_the_tables_say(page, metrics):
    text = manuscript(page).partition("# Results")[2]
    first = metrics.query("task == 'lvh' and metric == 'auroc' and cohort == 'internal' and ratio == 0.01")
    for row in first.itertuples():
        assert f"{row.value:.3f} ({row.ci_low:.3f}–{row.ci_high:.3f})" in text
    assert "(160 cases of 1,063 studies), with 1 % of the labels (51 studies)" in text
    assert "one-sided P of EchoCLR against Random <0.001 (adjusted 0.002)" in text
    assert "SimCLR 0.5" not in text.replace("MI-SimCLR", "")  # not estimable: no P value
    assert "The O:E ratio of EchoCLR with the most labels was: internal test set 1.250 (1.000–1.500)." in text


def test_a_task_without_auroc(page, metrics, tmp_path):
    metrics.assign(value=None).to_parquet(page.files["metrics"])
    assert "LVH: no AUROC could be computed." in manuscript(page)


def test_a_study_of_videos_without_pretraining(page):
    views = CONFIG | {"views": {}}
    titles = {"lvh": "LVH"}
    other = Page(
        files=page.files | {"runs": []},
        config=views,
        titles=titles,
        inits=["random"],
        methods=[],
        source="videos",
    )
    text = manuscript(other)
    assert "DICOM" not in text
    assert "pretrained" not in text
    assert "classifier decided the view" not in text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"column": "mass", "positive_below": 40}, "mass below 40 g/m²."),
        (
            {
                "all": [
                    {"column": "lvef", "positive_below": 40},
                    {"column": "nyha", "positive": ["II", "III", "IV"]},
                ]
            },
            "lvef below 40, and nyha “II”, “III” or “IV”.",
        ),
        (
            {
                "any": [
                    {"column": "e", "positive_above": {"female": 2, "male": 3}},
                    {"column": "a", "positive_above": 1},
                ]
            },
            "e above 2 (female) and 3 (male), or a above 1.",
        ),
    ],
)
def test_the_definition_of_every_kind_of_task_is_told(page, rule, said):
    config = CONFIG | {"tasks": CONFIG["tasks"] | {"lvh": rule}}
    assert f"LVH was defined as {said}" in methods_text(replace(page, config=config))


def test_a_registered_rule_and_videos_with_given_views_are_told(page):
    config = {name: value for name, value in CONFIG.items() if name != "views"}
    config |= {"tasks": CONFIG["tasks"] | {"lvh": {"rule": "restrictive_filling"}}}
    text = methods_text(replace(page, config=config, source="videos"))
    assert "LVH was defined by the registered rule restrictive_filling." in text
    assert "A classifier decided" not in text
    assert "DICOM" not in text
