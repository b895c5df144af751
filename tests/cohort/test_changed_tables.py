"""What spreadsheets and programs change in a table: missing values as texts, keys, numbers, dates."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.labels import read_labels
from echoclr_core.cohort.number_text import parse_number, year_of_date
from echoclr_core.cohort.table_checks import check_labels
from echoclr_core.tasks.task import make_task

ROOT = Path(__file__).resolve().parents[2]
PAPER = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["tasks"]
TASKS = tuple(make_task(name, values) for name, values in PAPER.items())
COLUMNS = LabelColumns()
HEADER = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index"


def table(tmp_path, *rows, header=HEADER, encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
    return path


TEXTS = ("NA", "NULL", "NaN", "#N/A", "N/A", "n/a", "<NA>", ".", "-", "unknown", "?")


@pytest.mark.parametrize("tasks", [(), TASKS])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_for_a_missing_grade_is_no_grade(tmp_path, text, tasks):
    rows = ["A1,P1,2019-05-01,F,Severe,96", f"A2,P2,2019-05-01,M,{text},96", "A3,P3,2019-05-01,M,None,96"]
    (line,) = check_labels(table(tmp_path, *rows), COLUMNS, tasks=tasks)
    assert line.startswith(f"labels.csv: row 3: column 'as_severity': {text!r} (1 cells)")
    assert "leave the cells empty" in line


@pytest.mark.parametrize("text", ["NA", "unknown"])
@pytest.mark.parametrize("column", ["study_key", "patient_key"])
def test_patients_and_studies_without_a_key_are_not_one(tmp_path, text, column):
    rows = [
        "A1,P1,2019-05-01,F,Severe,96",
        f"A2,{text},2019-05-01,M,None,96",
        f"A3,{text},2019-05-01,M,None,96",
    ]
    if column == "study_key":
        rows = [f"{text},P1,2019-05-01,F,Severe,96"]
    problems = check_labels(table(tmp_path, *rows), COLUMNS)
    assert len(problems) == 1
    assert f"column {column!r}: {text!r} ({len(rows) - 1 or 1} cells)" in problems[0]


def test_missing_texts_in_numbers_and_sex_are_told(tmp_path):
    problems = check_labels(
        table(tmp_path, "A1,P1,2019-05-01,F,Severe,NA", "A2,P2,2019-05-01,NA,None,96"), COLUMNS
    )
    assert len(problems) == 2


def test_a_text_that_a_task_names_has_a_meaning(tmp_path):
    task = make_task(
        "as", {"title": "AS", "column": "as_severity", "positive": ["Severe"], "negative": ["."]}
    )
    path = table(tmp_path, "A1,P1,2019-05-01,F,Severe,96", "A2,P2,2019-05-01,F,.,96")
    assert check_labels(path, COLUMNS, tasks=[task]) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("1.67683E+15", "exponent"),
        ("1,67683E+15", "exponent"),
        ("1E+12", "exponent"),
        ("12345678.0", "decimal part"),
    ],
)
@pytest.mark.parametrize("column", ["study_key", "patient_key"])
def test_keys_that_a_spreadsheet_changed_name_the_cure(tmp_path, key, said, column):
    cells = {"study_key": "A1", "patient_key": "P1"} | {column: f'"{key}"'}
    path = table(tmp_path, f"{cells['study_key']},{cells['patient_key']},2019-05-01,F,None,96")
    (line,) = check_labels(path, COLUMNS)
    assert line.startswith(f"labels.csv: row 2: column {column!r}: ")
    assert said in line
    assert "as text" in line
    assert key not in line


@pytest.mark.parametrize("key", ["1e5", "1.2.840.0", "0012", "12.5", "A.0"])
def test_other_keys_stand(tmp_path, key):
    assert check_labels(table(tmp_path, f"{key},P1,2019-05-01,F,None,96"), COLUMNS) == []


def test_keys_that_may_have_lost_their_zeros_are_a_warning(tmp_path):
    keys = [str(10_000_000 + number) for number in range(18)] + ["4711", "123456"]
    found = check_labels(table(tmp_path, *(f"{key},,2019-05-01,F,None,96" for key in keys)), COLUMNS)
    assert found == []
    (warning,) = found.warnings
    assert "2 of 20 keys have fewer than 8 digits" in warning
    assert "4711" not in warning
    padded = [f"{key.zfill(8)},,2019-05-01,F,None,96" for key in keys]
    assert not check_labels(table(tmp_path, *padded), COLUMNS).warnings


def test_a_german_export_is_read(tmp_path):
    columns = LabelColumns(extra=("alter",))
    rows = ["A1;P1;31.12.2019;w;Mäßig;96,5;63,5", "A2;P2;01.02.2020;m;;110;70"]
    path = table(tmp_path, *rows, header=HEADER.replace(",", ";") + ";alter", encoding="cp1252")
    found = check_labels(path, columns)
    assert found == []
    assert any("semicolons" in line for line in found.warnings)
    labels = read_labels(path, columns)
    assert labels["lv_mass_index"].to_numpy(float).tolist() == [96.5, 110]
    assert labels["study_year"].tolist() == [2019, 2020]
    assert labels["alter"].to_numpy(float).tolist() == [63.5, 70]
    assert labels["as_severity"].fillna("-").tolist() == ["Mäßig", "-"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("96.5", 96.5), ("96,5", 96.5), ("-0,25", -0.25), ("1,2345", 1.2345), ("1,234", None)),
        *(("1.234,5", None), ("1,234,567", None), ("inf", None), ("12 5", None), ("", None)),
    ],
)
def test_numbers(text, value):
    assert parse_number(text) == value


def test_a_limit_tells_decimal_commas_from_thousands():
    assert parse_number("96,512", 5, 600) == 96.512
    assert parse_number("1,234", 1000, 2000) == 1234
    assert parse_number("1,234", 1, 2000) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        *(("2019-05-01", 2019), ("20190501", 2019), ("31.12.2019", 2019), ("1.2.2019", 2019)),
        *(("03/04/2019", 2019), ("12/31/2019", 2019), ("31/12/2019 08:15", 2019), ("2019-05-01T08:00", 2019)),
        *(
            ("12.31.2019", None),
            ("31.12.19", None),
            ("2019-13-01", None),
            ("32/12/2019", None),
            ("2019", None),
        ),
    ],
)
def test_dates(text, year):
    assert year_of_date(text) == year


def test_measurements_take_decimal_commas(tmp_path):
    names = {name: name for name in ("ivsd", "lvidd", "pwtd", "height", "weight")}
    path = table(
        tmp_path,
        '1,p,2019-01-01,F,,,"1,0","4,6","1,0",165,"70,0"',
        header=HEADER + "," + ",".join(names),
    )
    index = read_labels(path, LabelColumns(**names))["lv_mass_index"].to_numpy(float)
    np.testing.assert_allclose(index, [89.676], atol=5e-3)
