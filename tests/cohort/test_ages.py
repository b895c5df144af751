"""Ages: numbers up to a limit, wherever they stand."""

import pandas as pd
import pytest

from echoclr_core.cohort.ages import age_columns, is_age_name, shape_of
from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.table_checks import check_labels

HEADER = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index"


def problems(tmp_path, name, cells, **settings):
    rows = [f'A{i},P{i},2019-05-01,F,None,90,"{cell}"' for i, cell in enumerate(cells)]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([f"{HEADER},{name}", *rows]) + "\n", encoding="utf-8")
    return check_labels(path, LabelColumns(extra=[name], **({"age": "age"} | settings)))


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("94 years old", "99 aaaaa aaa"),
        (">= 94", ">= 99"),
        ("094Y", "999a"),
        ("90+", "99+"),
        ("ninety-four", "aaaaaa-aaaa"),
        ("-3", "-9"),
        ("1934", "9999"),
        ("80-89", "99-99"),
    ],
)
def test_what_is_no_number_of_years_is_refused(tmp_path, cell, form):
    (line,) = problems(tmp_path, "age", ["71", cell, "", "94.5"])
    assert line.startswith(
        "labels.csv: row 3: column 'age': allowed is an age in years as a number from 0 to 125"
    )
    assert repr(form) in line
    assert cell not in line.replace("number from 0", "")


@pytest.mark.parametrize(
    "cells", [["1948", "1925"], ["1948.0", "1925.0"], ["none", "born 1925"], ["", "*1925, m"]]
)
@pytest.mark.parametrize("name", ["birth_year", "Geburtsjahr", "note"])
def test_a_year_of_birth_of_the_old_is_an_age(tmp_path, name, cells):
    (line,) = problems(tmp_path, name, cells)
    assert (
        line == f"labels.csv: row 3: column {name!r}: allowed is a year at most input.max_age (90) years "
        "before the study's"
    )
    assert problems(tmp_path, name, cells, released=(name,)) == []
    assert problems(tmp_path, name, cells, max_age=None) == []


@pytest.mark.parametrize(
    "cells", [["1948", "1930", "2017"], ["1925", "812.5"], ["valve of 2011", "3.1925 cm"]]
)
def test_other_years_and_measurements_are_none(tmp_path, cells):
    assert problems(tmp_path, "note", cells) == []


@pytest.mark.parametrize("name", ["Age", "AGE", "âge", "age"])
def test_the_age_column_is_found_in_any_case(tmp_path, name):
    assert "'99 aaaaa'" in "".join(problems(tmp_path, name, ["94 years"]))


@pytest.mark.parametrize(
    "name", ["patient_age", "Alter", "ageAtStudy", "AGE (years)", "Lebensalter", "年齢", "edad"]
)
def test_columns_named_like_ages_are_warned_of(tmp_path, name):
    found = problems(tmp_path, name, ["71", "94"])
    assert found == []
    assert [f"{name!r} looks like an age" in line for line in found.warnings] == [True]
    assert age_columns(["lvef", name], "age") == [name]


@pytest.mark.parametrize(
    "name", ["stage", "image", "Average", "lvef", "race", "percentage", "agent", "walter"]
)
def test_other_names_are_not(tmp_path, name):
    assert not is_age_name(name)
    assert problems(tmp_path, name, ["71", "94"]).warnings == []


AGES_IN_TEXT = ["94.5 years", "94,5 Jahre", "94+ years", "94 (years)", "aged 94", "Alter: 94", "94-Jährige"]
AGES_IN_TEXT += ["٩٤ سنة", "94 ปี", "94 tuổi", "age 94, severe", "שנים 12, 94 שנים"]


@pytest.mark.parametrize("cell", AGES_IN_TEXT)
def test_old_ages_are_refused_however_their_unit_is_written(tmp_path, cell):
    assert len(problems(tmp_path, "note", ["mild", cell, "mild"])) == 1


@pytest.mark.parametrize("cell", ["0.94 years", "severe, image 94", "stage 94", "94 letters", "94/120 mmHg"])
def test_numbers_without_a_unit_of_years_are_no_ages(tmp_path, cell):
    assert problems(tmp_path, "note", ["mild", cell, "mild"]) == []


@pytest.mark.parametrize("cell", [">= 94", "94 years old", "about 94", "91-95"])
def test_old_ages_as_text_in_a_column_named_like_ages_are_refused(tmp_path, cell):
    (line,) = problems(tmp_path, "patient_age", ["71", cell, "71"])
    assert "row 3: column 'patient_age': allowed is a text without an age above input.max_age (90)" in line
    assert problems(tmp_path, "patient_age", ["71", cell, "71"], max_age=None) == []
    assert problems(tmp_path, "patient_age", ["71", cell, "71"], released=["patient_age"]) == []


def test_old_ages_with_their_unit_are_refused_in_any_text(tmp_path):
    for cell in ("94 yo, severe", "94-year-old", "94 Jahre", "94歳"):
        assert len(problems(tmp_path, "note", ["mild", cell, "mild"])) == 1, cell
    assert problems(tmp_path, "note", ["mild", "94 mmHg, 12 years ago", "mild"]) == []


def test_a_form_shows_no_letter_and_no_digit():
    assert shape_of("Müller 4711, 박") == "aaaaaa 9999, a"
    assert pd.Series(["94y"]).map(shape_of).tolist() == ["99a"]
