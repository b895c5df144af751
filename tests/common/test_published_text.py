"""Columns that leave as they were typed: what stops them, and what passes."""

import datetime
import random

import pandas as pd
import pytest

from echoclr_core.common.category_words import is_category
from echoclr_core.common.published_text import MAX_LEVELS, TableIdentifiers, search_column, search_texts

NAMES = [
    "Ng",
    "Müller",
    "O'Brien",
    "Li Bo",
    "박지훈",
    "Söderström",
    "García López",
    "Κωνσταντίνου",
    "Иванова",
]
NAMES += ["Nguyễn Văn An", "Al-Rashid", "Smith", "Jones", "Kowalska", "Tanaka", "ديب", "כהן", "สมชาย", "शर्मा"]


def column(values):
    return pd.Series(values, dtype="string", index=range(2, 2 + len(values)))


def table_of(n, **more):
    return TableIdentifiers(
        keys={
            "study_id": column([f"ACC{i:05d}" for i in range(n)]),
            "patient_id": column([f"{70000 + i}" for i in range(n)]),
        },
        units=column([f"{70000 + i}" for i in range(n)]),
        **more,
    )


def reasons(values, identifiers=None, **options):
    found = search_column(column(values), identifiers or table_of(len(values)), **options)
    return " | ".join(finding.allowed for finding in found)


@pytest.mark.parametrize("n", [3, 6, 12, 60])
def test_a_column_of_names_is_no_category(n):
    rng = random.Random(n)
    names = [f"{rng.choice(NAMES)} {rng.choice(NAMES)}" if n > len(NAMES) else NAMES[i] for i in range(n)]
    assert reasons(names)
    assert reasons(["None"] * 50 + names)  # a comment that few studies have
    assert reasons([value for name in names for value in (name, None)])


def test_names_of_patients_with_several_studies_are_no_category():
    names = [NAMES[i // 4] for i in range(60)]
    identifiers = TableIdentifiers(units=column([f"p{i // 4}" for i in range(60)]))
    assert "a category that studies share; these 15 patients" in reasons(names, identifiers)


@pytest.mark.parametrize(
    "values",
    [
        ["None", "Mild", "Moderate", "Severe"],
        ["White", "Black or African American", "Asian", "Hispanic", "Other"],
        ["low-flow, low-gradient severe AS", "mild to moderate", "sclerosis without stenosis"],
        ["plax", "a4c", "psax_mid", "apical_2_chamber", "subcostal"],
        ["Site 1", "Site 2", "Site 3"],
        ["A", "B", "C", "D"],
        ["GE"] * 5 + ["Philips"] * 5,
        ["North campus", "South campus", "East campus"] * 6,
        ["leichtgradig", "mittelgradig", "hochgradig", "keine"],
        ["I", "II", "III", "IV"],
    ],
)
def test_categories_pass_in_small_tables(values):
    assert reasons(values, as_levels=True) == ""


def test_measurements_pass_however_many_values_they_have():
    rng = random.Random(1)
    for draw in (
        lambda: f"{rng.uniform(20, 75):.6f}",  # ejection fraction
        lambda: f"{rng.randint(20, 94)}",  # age
        lambda: f"{rng.randint(50, 35_000)}",  # NT-proBNP
        lambda: f"{rng.uniform(-30, 5):.3f}",  # strain
        lambda: f"{rng.randint(2016, 2021)}",  # year
        lambda: f"{rng.gauss(1e-3, 1e-4):.3e}",
    ):
        values = [draw() for _ in range(300)]
        assert reasons(values) == ""
        assert reasons(values[:5]) == ""


@pytest.mark.parametrize(
    "values",
    [
        [str(4_830_000 + 17 * i) for i in range(40)],
        ["48301 22", "x", "4830122"],
        [str(483_012 + i) for i in range(3)],
        ["4.830122e6", "1", "2"],
        ["43541", "43542", "43990"],  # dates as a spreadsheet stores them
        ["43541.25", "43542.75", "43990.5"],
        [str(1000 + i) for i in range(40)],  # a numbering
        ["1552780800", "3", "4"],
    ],
)
def test_numbers_that_are_no_measurements(values):
    assert reasons(values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("call jane.doe@example.org", "e-mail"),
        ("jane (at) example.org", "e-mail"),
        ("jane doe at example dot org", "e-mail"),
        ("jane@ example.org", "e-mail"),
        ("jane.doe@klinik", "e-mail"),
        ("1EG4-TE5-MK73", "mixed with letters"),
        ("seen by Docteur Martin", "name of a person"),
        ("Señora Ruiz", "name of a person"),
        ("see https://pacs.local/1", "web address"),
        ("+49 (0)30 1234-567", "telephone"),
        ("555-867-5309", "telephone"),
        ("06 12 34 56 78", "telephone"),
        ("078-05-1120", "telephone"),
        ("1.2.840.10008.5", "in groups"),
        ("MRN 48301227", "6 or more digits"),
        ("ＭＲＮ４８３０１２２７", "6 or more digits"),
        ("Doe^Jane", "name of a person"),
        ("per Dr. House", "name of a person"),
        ("17-Mar-2019", "an exact date"),
        ("4.830122E+06", "6 or more digits"),
        ("nr. 4,830122e6", "6 or more digits"),
    ],
)
def test_patterns_in_one_cell_of_many(text, said):
    values = ["Mild", "Severe"] * 20 + [text]
    assert said in reasons(values)
    assert list(search_column(column(values), table_of(41))[0].rows) == [42]
    assert said in search_texts(["plax", text])[text]


def test_texts_of_grades_hold_no_pattern():
    texts = [
        "moderate (AVA 1.05 cm2, Vmax 3.85 m/s, MG 38.5 mmHg)",
        "II/VI",
        "2016-2020",
        "0.123456789",
        "120/80",
    ]
    texts += [
        "Severe (1.0 cm2, 2019)",
        "3.20190501",
        "MR Severe",
        "MS moderate",
        "Vmax 4.2 @ rest",
        "AVA1.05cm2-Vmax3.85-MG38",
        "apical4chamber2d",
        "S3-S4, NYHA2-3, 2D/3D",
        "mild: 1-2+",
        "10.5-12.75 mm",
    ]
    assert search_texts(texts) == {}


@pytest.mark.parametrize(
    "cell", ["ACC00003", "acc-00003", "severe (ACC00003)", "70003", "MRN70003", "0070003"]
)
def test_keys_of_any_row_are_found(cell):
    for row in (3, 7):
        values = ["Mild", "Severe"] * 6
        values[row] = cell
        assert "study_id" in reasons(values) or "patient_id" in reasons(values)
    assert reasons(["Mild", "7000", "ACC0000", "Severe"] * 3, table_of(12)) == ""


def test_a_column_that_repeats_a_key_is_found_however_short_it_is():
    keys = [str(100 + 3 * i) for i in range(10)]
    identifiers = TableIdentifiers(keys={"study_id": column(keys)})
    assert "the study_id of its row" in reasons(keys, identifiers)
    shuffled = [str(1000 + 7 * i) for i in range(10)]
    identifiers = TableIdentifiers(keys={"study_id": column(shuffled)})
    assert "a study_id of the table" in reasons(shuffled[::-1], identifiers)
    assert reasons([str(30 + 5 * i) for i in range(10)], identifiers) == ""


def test_own_dates_are_found_in_texts_and_numbers():
    dates = pd.Series([(datetime.date(2019, 3, 17),)] * 4, index=range(2, 6))
    identifiers = TableIdentifiers(dates=dates)
    for values in (
        ["Mild", "seen 17/3", "None", "Mild"],
        ["55", "43541", "60", "52.5"],
        ["1", "2019.2068", "3", "4"],
    ):
        (finding,) = search_column(column(values), identifiers)
        assert list(finding.rows) == [3]
        assert "date" in finding.allowed


def test_more_levels_than_categories_have():
    values = [f"grade {i:02d}x" for i in range(MAX_LEVELS + 1)] * 5
    assert f"at most {MAX_LEVELS} categories" in reasons(values)
    numbers = [f"{20 + i / 7:.3f}" for i in range(60)]
    found = search_column(column([*numbers, "about 55"]), table_of(61))
    assert [list(finding.rows) for finding in found] == [[62]]


def test_a_released_column_is_searched_for_its_own_row_alone():
    assert reasons(NAMES, released=True) == ""
    assert reasons(["x@y.org", "4830122", "17-Mar-2019"], released=True) == ""
    assert reasons([str(4_830_000 + i) for i in range(5)], released=True) == ""
    assert "the study_id of its row" in reasons(["ok", "ACC00001 there"], released=True)
    dates = pd.Series([(datetime.date(2019, 3, 17),)] * 2, index=range(2, 4))
    assert "exact date" in reasons(["ok", "17.3.19"], TableIdentifiers(dates=dates), released=True)


def test_codes_of_letters_and_digits_are_no_categories():
    assert reasons(["deadbeef01", "cafe1234ab", "0a1b2c3d4e"])
    assert not is_category("0a1b2c3d4e")
    assert is_category("A4C, PSAX mid, 2-chamber, grade 3")


def test_empty_columns_pass():
    assert reasons([None, None]) == ""
    assert is_category("")


def test_chance_hits_among_large_measurements_are_no_dates():
    rng = random.Random(5)
    days = [datetime.date(2016, 1, 1) + datetime.timedelta(days=rng.randrange(1800)) for _ in range(3000)]
    dates = pd.Series([(day, day - datetime.timedelta(days=rng.randrange(9000, 33_000))) for day in days])
    dates.index += 2
    values = [str(rng.randint(50, 45_000)) for _ in days]
    assert reasons(values, TableIdentifiers(dates=dates)) == ""
    serials = [str((day - datetime.date(1899, 12, 30)).days) for day in days]
    values[::50] = serials[::50]
    assert "the date of its row" in reasons(values, TableIdentifiers(dates=dates))
