"""The label table: what is read, and what each mistake is answered with."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.cohort.ages import cap_ages
from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_tables import KEYED_LABELS
from echoclr_core.cohort.labels import apply_pseudonyms, read_labels
from echoclr_core.cohort.table_checks import check_labels
from echoclr_core.tasks.task import make_task

COLUMNS = LabelColumns()
HEADER = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index"


def csv(tmp_path, *rows, header=HEADER, name="labels.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_texts_survive_exactly(tmp_path):
    path = csv(tmp_path, "0007,0042,2019-05-01,F,None,96.5", "007,NA,20200229, m ,NA,", "1e5,,2021.01.31,,,")
    labels = read_labels(path, COLUMNS)
    assert list(labels["study_key"]) == ["0007", "007", "1e5"]
    assert list(labels["patient_key"].fillna("-")) == ["0042", "NA", "-"]
    assert list(labels["as_severity"].fillna("-")) == ["None", "NA", "-"]
    assert list(labels["sex"].fillna("-")) == ["female", "male", "-"]
    assert list(labels["study_year"]) == [2019, 2020, 2021]
    assert labels["lv_mass_index"].to_numpy(float, na_value=np.nan)[0] == 96.5
    assert labels["lv_mass_index"].isna().tolist() == [False, True, True]


def test_no_exact_date_is_carried(tmp_path):
    labels = read_labels(csv(tmp_path, "1,2,2019-05-01,F,None,96.5"), COLUMNS)
    assert list(labels.columns) == list(KEYED_LABELS.columns)
    assert not any("2019-05" in str(value) for value in labels.to_numpy().ravel())


def test_all_problems_are_listed_at_once(tmp_path):
    path = csv(
        tmp_path,
        "SECRET1,p1,2019-05-01,F,None,96.5",
        "SECRET1,p1,2019-13-01,X,None,abc",
        "",
        "SECRET3,p3,01.02.2019,M,Severe,-4",
        ",p4,2019-05-01,M,Severe,inf",
        "SECRET5,p4,,M,Severe,1200",
    )
    problems = check_labels(path, COLUMNS)
    text = "\n".join(problems)
    for part in (
        "labels.csv: rows 2, 3: column 'study_key': the same study",
        "row 6: column 'study_key'",
        "row 3: column 'study_date': allowed is a date YYYY-MM-DD",
        "row 7: column 'study_date': allowed is a date or year: it is missing",
        "row 3: column 'sex': 'X'; allowed is one of ['f', 'female'",
        "row 3: column 'lv_mass_index': 'abc'",
        "row 5: column 'lv_mass_index': '-4'; allowed is a number from 5 to 600 (g/m2",
        "row 6: column 'lv_mass_index': 'inf'",
        "row 7: column 'lv_mass_index': '1200'",
    ):
        assert part in text
    assert len(problems) == 9
    with pytest.raises(ValueError, match="9 problems") as error:
        read_labels(path, COLUMNS)
    assert all(problem in str(error.value) for problem in problems)


def test_messages_hold_no_identifier(tmp_path):
    rows = ["SECRET1,SECRETP,20199901,F,None,96", "SECRET1,SECRETP,SECRETDATE,M,None,96"]
    text = "\n".join(check_labels(csv(tmp_path, *rows), COLUMNS))
    assert "rows 2, 3" in text
    assert "SECRET" not in text
    assert "2019" not in text.replace("2019-", "")


def test_a_wrong_column_is_not_poured_into_the_message(tmp_path):
    rows = [f"{i},p,2019-01-01,Name{i:02d},None," for i in range(40)]
    (problem,) = check_labels(csv(tmp_path, *rows), COLUMNS)
    assert "is it the right column?" in problem
    assert "Name" not in problem


def test_missing_column_names_the_nearest(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,F,None,90", header=HEADER.replace("as_severity", "as_severty"))
    (problem,) = check_labels(path, COLUMNS)
    assert "there is no column 'as_severity' (for as_severity); the nearest is 'as_severty'" in problem
    assert check_labels(path, LabelColumns(as_severity=None)) == []


def test_former_names_of_the_keys_are_answered_with_the_new_ones(tmp_path):
    header = HEADER.replace("study_key,patient_key", "study_id,patient_id")
    first, second = check_labels(csv(tmp_path, "1,p,2019-01-01,F,None,90", header=header), COLUMNS)
    assert "row 1: the column 'study_id' is called 'study_key' now" in first
    assert "the column 'patient_id' is called 'patient_key' now" in second
    named = LabelColumns(study_key="study_id", patient_key="patient_id")
    assert check_labels(tmp_path / "labels.csv", named) == []


def test_date_or_year_is_enough_and_both_must_agree(tmp_path):
    columns = LabelColumns(study_year="study_year")
    header = HEADER.replace("study_date", "study_year")
    assert list(read_labels(csv(tmp_path, "1,p,2019,F,,", header=header), columns)["study_year"]) == [2019]
    both = csv(tmp_path, "1,p,2019-01-01,F,,,2018", "2,p,,F,,,2018", header=HEADER + ",study_year")
    (problem,) = check_labels(both, columns)
    assert (
        problem
        == "labels.csv: row 2: column 'study_year': allowed is the year of the study's date in the same row"
    )


def test_measurements_fill_missing_indices_only(tmp_path):
    names = {name: name for name in ("ivsd", "lvidd", "pwtd", "height", "weight")}
    header = HEADER + "," + ",".join(names)
    rows = ["1,p,2019-01-01,F,,80,1.0,4.6,1.0,165,70", "2,p,2019-01-01,F,,,1.0,4.6,1.0,165,70"]
    labels = read_labels(
        csv(tmp_path, *rows, "3,p,2019-01-01,F,,,1.0,,1.0,165,70", header=header), LabelColumns(**names)
    )
    # By hand: 0.832 * (6.6**3 - 4.6**3) + 0.6 = 158.813 g over 0.007184 * 70**.425 * 165**.725 = 1.77096 m2
    assert labels["lv_mass_index"].to_numpy(float, na_value=-1) == pytest.approx([80, 89.676, -1], abs=5e-3)
    assert list(labels["lv_mass_index_from"].fillna("-")) == ["table", "measurements", "-"]
    millimetres = csv(tmp_path, "1,p,2019-01-01,F,,,10,46,10,1.65,70", header=header)
    text = "\n".join(check_labels(millimetres, LabelColumns(**names)))
    assert text.count("(cm;") == 4


def test_a_measurement_may_be_described_as_well():
    names = {name: name for name in ("ivsd", "lvidd", "pwtd", "height", "weight")}
    assert LabelColumns(**names, extra=["height"]).extra == ("height",)


def test_sex_spellings_are_configurable(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,0,,", "2,p,2019-01-01,1,,", "3,p,2019-01-01,Other,,")
    assert len(check_labels(path, COLUMNS)) == 2
    columns = LabelColumns(sex_spellings={"0": "female", "1": "male", "other": ""})
    assert list(read_labels(path, columns)["sex"].fillna("-")) == ["female", "male", "-"]


def test_parquet_equals_csv(tmp_path):
    path = csv(
        tmp_path,
        "0007,0042,2019-05-01,F,None,96.5",
        "008,0043,2020-05-01,M,,",
        header=HEADER,
    )
    frame = pd.DataFrame(
        {
            "study_key": ["0007", "008"],
            "patient_key": ["0042", "0043"],
            "study_date": pd.to_datetime(["2019-05-01", "2020-05-01"]),
            "sex": ["F", "M"],
            "as_severity": ["None", None],
            "lv_mass_index": [96.5, np.nan],
        }
    )
    frame.to_parquet(tmp_path / "labels.parquet")
    pd.testing.assert_frame_equal(
        read_labels(tmp_path / "labels.parquet", COLUMNS), read_labels(path, COLUMNS)
    )
    frame.assign(study_key=[7.0, 8.0]).to_parquet(tmp_path / "floats.parquet")
    (problem,) = check_labels(tmp_path / "floats.parquet", COLUMNS)
    assert "'study_key' is stored as floating-point numbers" in problem


def test_extras_keep_their_kind(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,F,,,71,A", "2,p,2019-01-01,F,,,,7", header=HEADER + ",age,race")
    labels = read_labels(path, LabelColumns(extra=("age", "race")))
    assert labels["age"].to_numpy(float, na_value=-1).tolist() == [71, -1]
    assert list(labels["race"]) == ["A", "7"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n1;2;3\n", "must be quoted"),
        ("a,a\n1,2\n", "stand there more than once"),
        ("a,b\n1,2,3\n", "is no CSV table"),
        ("", "is no CSV table"),
        (HEADER + "\n", "has no rows"),
    ],
)
def test_files_that_are_no_tables(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    (problem,) = check_labels(path, COLUMNS)
    assert problem.startswith("labels.csv")
    assert message in problem


AS = {"column": "as_severity", "positive": ["Severe"], "negative": ["None", "Mild"], "excluded": ["Low flow"]}


def test_a_text_that_no_task_names_is_a_problem(tmp_path):
    path = csv(
        tmp_path,
        "1,p,2019-01-01,F,Severe stenosis,",
        "2,p,2019-01-01,F,None,",
        "3,q,2019-01-01,F,severe,",
        "4,r,2019-01-01,F,Severe stenosis,",
    )
    (problem,) = check_labels(path, COLUMNS, tasks=[make_task("severe_as", AS)])
    assert "1 texts are in none of positive, negative and excluded" in problem
    assert "'Severe stenosis' (2 studies, nearest 'Severe')" in problem
    named = AS | {"positive": ["Severe", "severe STENOSIS"]}
    assert check_labels(path, COLUMNS, tasks=[make_task("severe_as", named)]) == []
    assert check_labels(path, COLUMNS) == []


def test_no_positive_study_at_all_is_a_problem(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,F,Mild,80", "2,p,2019-01-01,F,None,90")
    (problem,) = check_labels(path, COLUMNS, tasks=[make_task("severe_as", AS)])
    assert "tasks.severe_as): no study is positive" in problem


def test_cells_under_a_threshold_that_are_no_numbers_are_a_problem(tmp_path):
    rows = ("1,p,2019-01-01,F,None,90,35", "2,p,2019-01-01,F,None,91,60 %", "3,q,2019-01-01,F,None,92,>70")
    path = csv(tmp_path, *rows, "4,r,2019-01-01,F,None,93,", header=HEADER + ",lvef")
    task = make_task("reduced_ef", {"title": "Reduced EF", "column": "lvef", "positive_below": 40})
    (problem,) = check_labels(path, LabelColumns(extra=("lvef",)), tasks=[task])
    assert problem == (
        "labels.csv: rows 3, 4: column 'lvef': allowed is a number (read by tasks.reduced_ef; decimal point, "
        "no unit) or an empty cell"
    )


def test_thresholds_by_sex_without_a_sex_are_a_warning(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,,None,90", "2,p,2019-01-01,,None,130")
    values = {"title": "LVH", "column": "lv_mass_index", "positive_above": {"female": 95, "male": 115}}
    found = check_labels(path, COLUMNS, tasks=[make_task("lvh", values)])
    assert found == []
    (warning,) = found.warnings
    assert "columns ['lv_mass_index', 'sex'] (tasks.lvh): no study has a label" in warning


def test_empty_columns_without_a_name_are_left_out(tmp_path):
    path = csv(tmp_path, "1,p,2019-01-01,F,None,90,,", "2,p,2019-01-01,F,None,91,,", header=HEADER + ",,")
    assert len(read_labels(path, COLUMNS)) == 2


def test_other_encodings_and_missing_files(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes((HEADER + "\n1,p,2019-01-01,F,M\xe4\xdfig,\n").encode("latin-1"))
    found = check_labels(path, COLUMNS)
    assert found == []
    assert "save it as 'CSV UTF-8'" in found.warnings[0]
    assert list(read_labels(path, COLUMNS)["as_severity"]) == ["Mäßig"]
    path.write_bytes((HEADER + "\n1,p,2019-01-01,F,M\x81,\n").encode("latin-1"))
    assert "save it as 'CSV UTF-8'" in check_labels(path, COLUMNS)[0]
    path.write_text(HEADER + "\n1,p,2019-01-01,F,Mäßig,\n", encoding="utf-8-sig")
    assert list(read_labels(path, COLUMNS)["as_severity"]) == ["Mäßig"]
    assert "no such file" in check_labels(tmp_path / "none.csv", COLUMNS)[0]
    (tmp_path / "x.parquet").write_text("no parquet")
    assert "no Parquet table" in check_labels(tmp_path / "x.parquet", COLUMNS)[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"study_date": None},
        {"ivsd": "ivsd"},
        {"extra": ("sex",)},
        {"extra": ("study_date",)},
        {"extra": ("set",)},
        {"extra": ("accession",), "study_key": "accession"},
        {"extra": ("age", "age")},
        {"patient_key": "study_key"},
        {"sex_spellings": {"0": "f"}},
        {"study_key": ""},
    ],
)
def test_column_settings_that_cannot_be_read(settings):
    with pytest.raises(ValueError, match="label columns"):
        LabelColumns(**settings)


def test_pseudonyms_replace_both_keys(tmp_path):
    path = csv(tmp_path, "2,p,2019-05-01,F,None,96.5", "1,,2019-05-01,F,None,96.5")
    coded = apply_pseudonyms(read_labels(path, COLUMNS), study=lambda x: f"s_{x}", patient=lambda x: f"q_{x}")
    assert list(coded["study_id"]) == ["s_1", "s_2"]
    assert list(coded["patient_id"].fillna("-")) == ["-", "q_p"]
    with pytest.raises(ValueError, match="1 studies share a pseudonym"):
        apply_pseudonyms(read_labels(path, COLUMNS), study=lambda x: "s", patient=str)


def test_a_table_without_header_is_not_shown(tmp_path):
    row = "SECRET1,SECRETP,2019-05-01,F,Severe,96"
    text = "\n".join(check_labels(csv(tmp_path, row, header=row.replace("1,", "2,")), COLUMNS))
    assert "is it the header?" in text
    assert "SECRET" not in text
    assert "2019" not in text
    (problem,) = check_labels(csv(tmp_path, row, header="SECRET1,SECRET1,c,d,e,f"), COLUMNS)
    assert "columns [1, 2]" in problem
    assert "SECRET" not in problem


@pytest.mark.parametrize(
    ("grade", "said"),
    [
        ("Moderate (mrn-4711)", "without the patient_key of its row"),
        ("Severe, ACC/99812", "without the study_key of its row"),
        ("Severe 2019-05-01", "without an exact date"),
        ("Severe on 01.05.2019", "without an exact date"),
        ("seen 20190501", "without an exact date"),
        ("Severe (1.0 cm2, 2019)", None),
        ("MRN-47112", None),
        ("3.20190501", None),
    ],
)
def test_cells_that_leave_hold_no_key_and_no_date(tmp_path, grade, said):
    row = f'ACC/99812,MRN-4711,2019-05-01,F,"{grade}",96'
    problems = check_labels(csv(tmp_path, row), COLUMNS)
    extra = check_labels(
        csv(tmp_path, f'ACC/99812,MRN-4711,2019-05-01,F,,96,"{grade}"', header=HEADER + ",note"),
        LabelColumns(extra=["note"]),
    )
    for found in (problems, extra):
        assert len(found) == (said is not None)
        assert all(said in line and grade not in line for line in found)


def test_old_ages_are_one_category():
    numbers = pd.DataFrame({"age": pd.array([89, 90, 101.5, None], "Float64")})
    assert list(cap_ages(numbers, "age", 90)["age"].fillna(-1)) == [89, 90, 90, -1]
    texts = pd.DataFrame({"age": pd.array(["089Y", "094Y", "97 years", "90+", None], "string")})
    assert list(cap_ages(texts, "age", 90)["age"].fillna("-")) == ["089Y", "90", "90", "90+", "-"]
    pd.testing.assert_frame_equal(cap_ages(numbers, "age", None), numbers)
    pd.testing.assert_frame_equal(cap_ages(numbers, "years", 90), numbers)


def test_free_text_stops_before_it_is_published(tmp_path):
    header = HEADER + ",note,birth_date"
    notes = ["Ng", "Li Bo", "Smith", "Jones", "Ito"]
    rows = [f"A{i},P{i},2019-05-0{i},F,None,96,{note},1950-03-1{i}" for i, note in enumerate(notes, 1)]
    (line,) = check_labels(csv(tmp_path, *rows, header=header), LabelColumns(extra=["note"]))
    assert "rows 2, 3, 4, 5, 6: column 'note': allowed is a category that studies share" in line
    assert "input.released_columns" in line
    assert not any(note in line for note in notes[1:])
    released = LabelColumns(extra=["note"], released=["note"])
    assert list(read_labels(csv(tmp_path, *rows, header=header), released)["note"]) == notes


@pytest.mark.parametrize(
    "born", ["11/03/1950", "11. März 1950", "18333", "on 11 mar", "500311", "born 11 in March, 1950"]
)
def test_dates_of_columns_that_nobody_named_are_looked_for(tmp_path, born):
    header = HEADER + ",note,birth_date"
    rows = ["A1,P1,2019-05-01,F,None,96,mild,1950-03-17", f'A2,P2,2019-05-02,F,None,96,"{born}",1950-03-11']
    rows += ["A3,P3,2019-05-03,F,None,96,mild,"]
    (line,) = check_labels(csv(tmp_path, *rows, header=header), LabelColumns(extra=["note"]))
    assert "row 3: column 'note'" in line
    assert "date" in line


def test_grades_are_published_too(tmp_path):
    rows = [f"A{i},P{i},2019-05-01,F,Severe Meier{chr(65 + i)},96" for i in range(9)]
    (line,) = check_labels(csv(tmp_path, *rows), COLUMNS)
    assert "column 'as_severity': allowed is a category" in line
    assert check_labels(csv(tmp_path, *rows), LabelColumns(released=["as_severity"])) == []
