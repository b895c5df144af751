"""Table 1 and S1: counts, shares, means, and what is missing."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.cohort.table1 import table1
from echoclr_core.cohort.tables import COHORT_STUDIES

TITLES = {"severe_as": "Severe AS", "lvh": "LVH"}


def studies():
    return pd.DataFrame(
        {
            "study_id": list("abcdef"),
            "patient_id": ["p", "p", "q", "r", "s", "t"],
            "study_year": [2016, 2017, 2017, 2018, 2018, 2021],
            "set": ["train", "train", "train", "train", "test", "external"],
            "severe_as": pd.array([True, False, False, None, True, False], dtype="boolean"),
            "lvh": pd.array([None] * 6, dtype="boolean"),
            "as_severity": pd.array(["Severe", "None", "Mild", None, "Severe", "None"], dtype="string"),
            "lv_mass_index": pd.array([80, 100, 120, None, 90, None], dtype="Float64"),
            "sex": pd.array(["female", "male", "male", "female", "male", None], dtype="string"),
            "n_videos": [1, 2, 3, 4, 5, 600],
            "age": [60.0, 70.0, np.nan, 80.0, 50.0, 40.0],
            "race": pd.array(["A", "B", "A", "A", "B", "B"], dtype="string"),
        }
    )


def cells(text, characteristic, level=""):
    titles = [characteristic + what for what in ("", ", n (%)", ", mean (SD)")]
    row = text[text["characteristic"].isin(titles) & (text["level"] == level)]
    assert len(row) == 1
    return row.iloc[0][["Training", "Internal test", "External test", "Overall"]].tolist()


def test_cells_by_hand():
    text, _ = table1(studies(), titles=TITLES)
    assert list(text.columns) == [
        "characteristic",
        "level",
        "Training",
        "Internal test",
        "External test",
        "Overall",
    ]
    assert cells(text, "Studies") == ["4", "1", "1", "6"]
    assert cells(text, "Videos") == ["10", "5", "600", "615"]
    assert cells(text, "Patients") == ["3", "1", "1", "5"]
    assert cells(text, "Sex", "female") == ["2 (50.0%)", "0 (0.0%)", "0 (–%)", "2 (40.0%)"]
    assert cells(text, "Sex", "missing") == ["0 (0.0%)", "0 (0.0%)", "1 (100.0%)", "1 (16.7%)"]
    assert cells(text, "Severe AS") == ["1 (33.3%)", "1 (100.0%)", "0 (0.0%)", "2 (40.0%)"]
    assert cells(text, "Severe AS", "missing") == [
        "1 (25.0%)",
        "0 (0.0%)",
        "0 (0.0%)",
        "1 (16.7%)",
    ]
    assert cells(text, "LV mass index, g/m²") == ["100.0 (20.0)", "90.0 (–)", "– (–)", "97.5 (17.1)"]
    assert cells(text, "LVH", "missing")[3] == "6 (100.0%)"
    assert cells(text, "Age, years") == ["70.0 (10.0)", "50.0 (–)", "40.0 (–)", "60.0 (15.8)"]
    assert cells(text, "race", "A") == ["3 (75.0%)", "0 (0.0%)", "0 (0.0%)", "3 (50.0%)"]


def test_what_no_study_has_is_left_out_but_a_label_is_not():
    none = studies().assign(lv_mass_index=pd.array([None] * 6, dtype="Float64"), race=None)
    text, tidy = table1(none, titles=TITLES)
    assert not text["characteristic"].str.contains("LV mass|race").any()
    assert not tidy["characteristic"].str.contains("LV mass|race").any()
    assert cells(text, "LVH", "missing")[3] == "6 (100.0%)"


def test_full_table_adds_grades_years_and_videos():
    short, full = table1(studies(), titles=TITLES)[0], table1(studies(), titles=TITLES, full=True)[0]
    assert set(full["characteristic"]) - set(short["characteristic"]) == {
        "Aortic stenosis as reported, n (%)",
        "Year of the study, n (%)",
        "Videos per study, mean (SD)",
    }
    assert cells(full, "Aortic stenosis as reported", "None") == [
        "1 (33.3%)",
        "0 (0.0%)",
        "1 (100.0%)",
        "2 (40.0%)",
    ]
    assert cells(full, "Year of the study", "2017")[0] == "2 (50.0%)"
    assert cells(full, "Videos per study")[0] == "2.5 (1.3)"


def test_tidy_frame_holds_the_numbers_of_the_text():
    _, tidy = table1(studies(), titles=TITLES, full=True)
    values = tidy.set_index(["characteristic", "level", "set", "statistic"])["value"]
    assert values.index.is_unique
    assert values["Age, years", "", "train", "sd"] == pytest.approx(10.0)
    assert values["Severe AS", "", "overall", "percent"] == pytest.approx(40.0)
    assert np.isnan(values["LV mass index, g/m²", "", "external", "mean"])
    counts = tidy[(tidy["statistic"] == "n") & (tidy["characteristic"] == "Aortic stenosis as reported")]
    assert counts.groupby("set")["value"].sum().to_dict() == {
        "train": 4,
        "test": 1,
        "external": 1,
        "overall": 6,
    }


def test_workshop_table_layout():
    """The workshop's Table 1: 1,184 of 5,311 training studies with severe stenosis are 22.3 %."""
    n, positive = 5311, 1184
    frame = pd.DataFrame(
        {
            "study_id": range(n),
            "patient_id": pd.array([None] * n, dtype="string"),
            "set": "train",
            "severe_as": np.arange(n) < positive,
            "n_videos": 1,
        }
    )
    text, _ = table1(frame, titles={"severe_as": "Severe AS"})
    assert text["Training"].tolist() == ["5,311", "5,311", "1,184 (22.3%)"]


def test_no_studies():
    with pytest.raises(ValueError, match="no studies"):
        table1(studies().iloc[:0], titles=TITLES)


def test_small_counts_and_what_they_follow_from_are_hidden():
    many = pd.concat([studies()] * 20, ignore_index=True)
    many["study_id"] = [f"s{k}" for k in range(len(many))]
    many["patient_id"] = many["study_id"]
    many.loc[:2, "race"] = "C"
    many.loc[many["set"] == "test", "age"] = np.nan
    many.loc[many.index[many["set"] == "test"][:3], "age"] = [50.0, 51.0, 52.0]
    text, tidy = table1(many, titles=TITLES, least_cell=5)
    assert cells(text, "race", "C") == ["<5", "0 (0.0%)", "0 (0.0%)", "<5"]
    beside = [cells(text, "race", level) for level in "AB"]
    assert {row[0] for row in beside} >= {"n.r."}  # the size of the set would tell C
    assert {row[3] for row in beside} >= {"n.r."}
    assert cells(text, "Age, years")[1] == "n.r."  # a mean of three
    assert cells(text, "Age, years").count("n.r.") == 2  # the other sets and the whole would tell that mean
    hidden = tidy[(tidy["characteristic"] == "race") & (tidy["level"] == "C") & (tidy["set"] == "train")]
    assert hidden["value"].isna().all()
    shown, _ = table1(many, titles=TITLES)
    assert not shown.isin(["<5", "n.r."]).any(axis=None)


def test_percentages_do_not_tell_how_many_are_missing():
    many = pd.concat([studies()] * 20, ignore_index=True)
    many["study_id"] = many["patient_id"] = [f"s{k}" for k in range(len(many))]
    many["sex"] = "male"
    many.loc[:1, "sex"] = None
    many.loc[many.index[-40:], "sex"] = "female"
    text, _ = table1(many, titles=TITLES, least_cell=5)
    assert cells(text, "Sex", "missing")[0] == "<5"
    assert "%" not in "".join(cells(text, "Sex", "male")[0::3])


def test_labels_read_from_a_file_are_labels(tmp_path):
    COHORT_STUDIES.write(studies(), tmp_path / "studies.parquet")
    read = COHORT_STUDIES.read(tmp_path / "studies.parquet")
    pd.testing.assert_frame_equal(table1(read, titles=TITLES)[0], table1(studies(), titles=TITLES)[0])
