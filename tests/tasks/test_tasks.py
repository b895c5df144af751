"""Label rules by configuration, against labels by hand."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from echoclr_core.design.paper_tasks import paper_tasks
from echoclr_core.reporting.published import published_metrics
from echoclr_core.synthetic.plan.cohort import label_table, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.tasks import registered
from echoclr_core.tasks.checks import text_counts, unnamed_texts, without_positive
from echoclr_core.tasks.task import make_task
from echoclr_core.tasks.texts import is_one_of, nearest, plain_text

ROOT = Path(__file__).resolve().parents[2]
PAPER = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["tasks"]
NA = pd.NA


def studies(**columns):
    return pd.DataFrame({name: pd.array(values) for name, values in columns.items()})


def labels(name, **columns):
    return make_task(name, PAPER[name]).label(studies(**columns)).tolist()


def test_lvh_is_strictly_above_the_threshold_of_the_sex():
    sex = pd.array(["female", "female", "male", "male", None, "male"], dtype="string")
    index = pd.array([95.0, 95.0001, 115.0, 115.0001, 200.0, NA], dtype="Float64")
    assert labels("lvh", sex=sex, lv_mass_index=index) == [False, True, False, True, NA, NA]


def test_severe_against_all_other_grades():
    grades = pd.array(["Severe", "severe  as", "Severe AS.", "Moderate", "None", None], dtype="string")
    assert labels("severe_as", as_severity=grades) == [True, True, True, False, False, NA]


def test_low_flow_low_gradient_leaves_the_cohort_whatever_its_spelling():
    task = make_task("severe_as", PAPER["severe_as"])
    table = studies(as_severity=["Low-flow, low-gradient AS", "PARADOXICAL AS", "Severe", None])
    assert task.leaves_cohort(table).tolist() == [True, True, False, False]
    assert task.label(table).tolist() == [NA, NA, True, NA]
    alone = make_task("severe_as", PAPER["severe_as"] | {"excluded_from": "task"})
    assert not alone.leaves_cohort(table).any()


def test_each_paper_text_has_one_meaning():
    rule = PAPER["severe_as"]
    texts = [plain_text(text) for name in ("positive", "negative", "excluded") for text in rule[name]]
    assert len(texts) == len(set(texts))


def test_an_unnamed_text_is_never_a_negative():
    with pytest.raises(ValueError, match=r"1 studies have texts .*'Severely calcified'"):
        labels("severe_as", as_severity=["Severely calcified", "None"])


def test_below_and_one_threshold_for_all():
    task = make_task("reduced_ef", {"title": "EF", "column": "lvef", "positive_below": 40})
    assert task.label(studies(lvef=pd.array([39.9, 40.0, NA], dtype="Float64"))).tolist() == [True, False, NA]
    with pytest.raises(ValueError, match="'lvef' holds cells that are no numbers"):
        task.label(studies(lvef=["30", "low"]))


def test_several_columns():
    parts = [
        {"column": "lvef", "positive_below": 40},
        {"column": "nyha", "positive": ["III"], "negative": ["I"]},
    ]
    table = studies(
        lvef=pd.array([30, 30, 50, NA, NA], dtype="Float64"),
        nyha=pd.array(["III", "I", "III", "I", "III"], dtype="string"),
    )
    assert make_task("both", {"all": parts}).label(table).tolist() == [True, False, False, False, NA]
    assert make_task("one", {"any": parts}).label(table).tolist() == [True, True, True, NA, True]
    assert make_task("both", {"all": parts}).columns() == ["lvef", "nyha"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"title": "T"}, "has no rule; exactly one of column"),
        ({"column": "a", "rule": "b"}, "has \\['column', 'rule'\\]"),
        ({"column": "a"}, "has no rule; exactly one of positive_above"),
        (
            {"column": "a", "positive_above": 1, "positive_below": 2},
            "\\['positive_above', 'positive_below'\\]",
        ),
        ({"column": "a", "positive_above": {"female": 1}}, "one number, or one each"),
        ({"column": "a", "positive": ["x"], "negative": ["X."]}, "'X.' is in positive and in negative"),
        ({"column": "a", "positive_above": 1, "negative": ["x"]}, "go with positive"),
        ({"all": [{"positive_above": 1}]}, "a condition without column"),
    ],
)
def test_rules_that_are_none(rule, told):
    with pytest.raises(ValueError, match=told):
        make_task("t", rule)


def test_a_registered_rule(monkeypatch):
    monkeypatch.setattr(registered, "_RULES", {})

    @registered.register("double", columns=["a"])
    def label(table):
        return table["a"] > 2

    task = make_task("t", {"rule": "double"})
    assert task.columns() == ["a"]
    assert task.label(studies(a=[1, 3])).tolist() == [False, True]
    with pytest.raises(ValueError, match=r"'triple' is not registered; there are \['double'\]"):
        make_task("t", {"rule": "triple"}).columns()


def test_unnamed_texts_are_listed_with_counts_and_the_nearest():
    task = make_task("severe_as", PAPER["severe_as"])
    table = studies(as_severity=["Severe", "Mod", "Mod", "Trace to mild", None])
    [line] = unnamed_texts(table, [task])
    assert "2 texts" in line
    assert "'Mod' (2 studies" in line
    assert "'Trace to mild' (1 study, nearest 'Mild to moderate')" in line or "nearest 'Trace'" in line
    assert unnamed_texts(studies(as_severity=["Severe", None]), [task]) == []
    counts = text_counts(table, task.text_conditions()[0]).set_index("text")["counts_as"]
    assert counts["Severe"] == "positive"
    assert counts["Mod"] == "not named"


def test_a_task_without_a_positive_study_is_told():
    task = make_task("reduced_ef", {"column": "lvef", "positive_below": 40})
    [line] = without_positive(studies(lvef=pd.array([55.0, 60.0], dtype="Float64")), [task])
    assert "no study is positive" in line
    assert without_positive(studies(lvef=pd.array([NA], dtype="Float64")), [task]) == []


def test_columns_of_missing_cells_alone_give_missing_labels():
    nothing = pd.array([None, None], dtype="string")
    assert labels("severe_as", as_severity=nothing) == [NA, NA]
    assert not is_one_of([None, None], ["Severe"]).any()
    assert nearest("severe stenosis", ["Severe AS", "Mild"]) == "Severe AS"


def test_published_numbers_stand_beside_the_papers_question_alone():
    def kept(task, **changes):
        tasks = PAPER | {task: PAPER[task] | changes}
        return paper_tasks({"tasks": tasks, "finetune": {"tasks": list(PAPER)}})

    severe = PAPER["severe_as"]
    assert kept("lvh") == ["severe_as", "lvh"]
    assert kept("lvh", title="Thick walls") == ["severe_as", "lvh"]
    assert kept("lvh", positive_above=110) == ["severe_as"]
    assert kept("severe_as", positive=[*severe["positive"], "Hochgradig"]) == ["severe_as", "lvh"]
    assert kept("severe_as", positive=[*severe["positive"], "moderate"]) == ["lvh"]
    assert kept("severe_as", excluded_from="task") == ["lvh"]
    assert kept("severe_as", excluded=[]) == ["lvh"]
    assert kept("severe_as", positive=["2", "3"], negative=["0", "1"]) == ["lvh"]
    assert kept("severe_as", negative=severe["negative"][:3]) == ["severe_as", "lvh"]
    assert kept("lvh", positive_below=None, excluded_from="cohort") == ["severe_as", "lvh"]
    rows = published_metrics("paper", kept("lvh", positive_above=110))
    assert set(rows["task"]) == {"severe_as"}


def test_the_demos_third_task_is_the_contraction_that_the_phantom_is_drawn_with():
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    assert "reduced_ef" not in demo["finetune"].get("tasks", [])
    settings = SyntheticSettings(development_studies=150, external_studies=0, view_studies=0)
    plans = plan_studies(settings)
    table = label_table(settings, plans)
    table["sex"] = table["sex"].map({"F": "female", "M": "male"}).astype("string")
    labelled = make_task("reduced_ef", demo["tasks"]["reduced_ef"]).label(table)
    for plan, label in zip(plans, labelled, strict=True):
        anatomy = study_anatomy(settings, plan)
        fraction = round(100 * (1 - (1 - anatomy.shortening) ** 2.2))
        assert label == (fraction < (54 if anatomy.sex == "F" else 52))
    assert 10 < labelled.sum() < 45
