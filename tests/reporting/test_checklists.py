"""Every item of the checklists has an answer, and every link leads to a section of the page."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from echoclr_core.reporting.checklists.answers import ANSWERS, AUTHOR, PAGE, PROVENANCE
from echoclr_core.reporting.checklists.table import (
    CHECKLISTS,
    checklist_sections,
    checklist_table,
    write_checklist_files,
)
from echoclr_core.reporting.report import DataTable, Section, build_report
from echoclr_core.reporting.sections import overview
from echoclr_core.reporting.sections.page import Page

ROOT = Path(__file__).resolve().parents[2]
CONFIG = {
    "report": {"least_cell": 5},
    "evaluate": {"n_resamples": 2000, "resample_unit": "study", "target_rate": 0.9},
    "explain": {"tasks": ["lvh"]},
    "finetune": {"clip_length": 16, "optimizer": "adam", "batch_size": 88, "class_weights": False}
    | {"patience": 5, "max_epochs": 30, "draws": 1, "ratios": [0.01, 1.0]},
    "pretrain": {"seeds": 1},
    "model": {"encoder": "r3d_18"},
    "augmentation": {"pad": 8, "max_rotation": 10},
    "mask": {"size": 112},
    "synthetic": {"development_studies": 0},
    "tasks": {"lvh": {"column": "lv_mass_index"}},
}

FIRST_SCREEN = CONFIG | {
    "finetune": {"eval_clips_per_video": 4},
    "cohort": {"split_unit": "study"},
    "tasks": {"lvh": {"column": "lv_mass_index", "positive_above": {"female": 95, "male": 115}}},
}


@pytest.fixture
def page(tmp_path, metrics):
    studies = {"study_id": ["a", "b", "c"], "set": ["train", "test", "external"]}
    studies |= {"study_year": [2016, 2017, 2021], "patient_id": ["p", "p", "q"]}
    tables = {
        "studies": pd.DataFrame(studies),
        "videos": pd.DataFrame({"video_id": list("vwxyz")}),
        "unmatched": pd.DataFrame({"kind": ["labels_only"]}),
        "metrics": metrics[metrics["task"] == "lvh"],
    }
    files = {name: str(tmp_path / f"{name}.parquet") for name in tables}
    for name, table in tables.items():
        table.to_parquet(files[name])
    split = {"unit": "patient", "studies": {"train": 1, "test": 1, "val": 0, "external": 1}}
    (tmp_path / "split.json").write_text(json.dumps(split))
    names = {"inits": ["random", "echoclr"], "methods": ["echoclr"], "titles": {"lvh": "LVH"}}
    return Page(files=files | {"split": str(tmp_path / "split.json")}, config=CONFIG, cells=[1, 2], **names)


@pytest.mark.parametrize(
    ("name", "count"), [("TRIPOD+AI", 52), ("CLAIM 2024", 44), ("STARD-AI", 50), ("PRIME", 28)]
)
def test_no_item_is_missing_or_named_twice(name, count):
    numbers = [item.number for item in CHECKLISTS[name]]
    assert len(set(numbers)) == len(numbers) == count
    if name in ("TRIPOD+AI", "CLAIM 2024"):
        main = {int(re.match(r"\d+", number)[0]) for number in numbers}
        assert main == set(range(1, {"TRIPOD+AI": 27, "CLAIM 2024": 44}[name] + 1))


def test_every_item_is_answered_from_the_run(page):
    table = checklist_table(page)
    assert len(table) == sum(map(len, CHECKLISTS.values()))
    assert table["Answer"].str.len().gt(0).all()
    answers = table.set_index(["Checklist", "Item"])["Answer"]
    assert answers["TRIPOD+AI", "17"] == AUTHOR
    assert answers["TRIPOD+AI", "12a"] == (
        "By patient: train 1, val 0, test 1, external 1 studies; 1 patients in more than one set"
    )
    assert "<5 studies stand in archive" in answers["CLAIM 2024", "12"]
    assert "160 cases of 1,063" in answers["TRIPOD+AI", "21"]
    assert "2016 to 2021" in answers["STARD-AI", "8"]
    used = {item.answer for listed in CHECKLISTS.values() for item in listed}
    assert used == set(ANSWERS)


def test_the_first_screen_says_who_is_a_case_and_what_the_sets_are(page):
    lines = overview._design(replace(page, units={"lvh": "g/m²"}, config=FIRST_SCREEN)).rst.splitlines()
    assert lines[0].startswith(
        "* **Cases**: LVH was defined as lv_mass_index above 95 (female) and 115 (male) g/m²."
    )
    assert lines[1] == (
        "* **Test sets**: internal, studies of 2017, held out at random; external, studies of 2021, "
        "later in time."
    )
    assert "mean over its PLAX videos, each the mean over 4 clips" in lines[2]
    assert lines[3].startswith("* **One repeat**")
    table = {**FIRST_SCREEN, "cohort": {"split_unit": "table"}}
    assert "studies of 2017; external" in overview._design(replace(page, config=table)).rst
    years = pd.read_parquet(page.files["studies"]).assign(study_year=float("nan"))
    years.to_parquet(page.files["studies"])
    assert "Test sets" not in overview._design(replace(page, config=FIRST_SCREEN)).rst


def test_every_link_leads_to_a_section():
    text = "".join(path.read_text() for path in (ROOT / "echoclr_core/reporting/sections").glob("*.py"))
    titles = re.findall(r'Section\(\s*title="([^"]+)"', text)
    places = {f"{PAGE}#{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}" for title in titles}
    assert {where for where, _ in ANSWERS.values()} - places == {"", PROVENANCE}


def test_page_and_files(page, tmp_path):
    table = checklist_table(page)
    path = build_report(tmp_path / "checklist.html", title="T", lead="L", sections=checklist_sections(table))
    html = path.read_text()
    assert '<a href="report.html#precision-and-sample-size">precision and sample size</a>' in html
    assert "44 items; " in html
    write_checklist_files(table, tmp_path / "checklist")
    assert len(pd.read_csv(tmp_path / "checklist.csv")) == len(table)
    tex = (tmp_path / "checklist.tex").read_text()
    assert tex.count(r"\begin{longtable}") == tex.count(r"\end{longtable}") == 1
    assert tex.count(r" \\") == len(table) + 2


@pytest.mark.parametrize("target", ["http://example.org", "javascript:x", "a b", "#Über"])
def test_links_lead_nowhere_else(tmp_path, target):
    block = DataTable(frame=pd.DataFrame({"Where": [target]}), title="T", links=("Where",))
    with pytest.raises(ValueError, match="no relative link"):
        build_report(tmp_path / "r.html", title="T", lead="L", sections=[Section(title="S", blocks=[block])])
