"""The plan of the archive and its label table."""

from collections import Counter

import pandas as pd
import pytest

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.labels import read_labels
from echoclr_core.synthetic.plan.cohort import label_table, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.settings import LABELLED_VIEWS, SyntheticSettings

SETTINGS = SyntheticSettings(development_studies=300, external_studies=100, view_studies=20)


@pytest.fixture(scope="module")
def plans():
    return plan_studies(SETTINGS)


@pytest.fixture(scope="module")
def labels(plans):
    return label_table(SETTINGS, plans)


def test_parts_have_their_sizes_and_years(plans):
    assert Counter(p.part for p in plans) == {"development": 300, "external": 100, "views": 20}
    years = {part: {int(p.date[:4]) for p in plans if p.part == part} for part in ("development", "external")}
    assert years == {"development": {2016, 2017, 2018, 2019, 2020}, "external": {2021}}


def test_keys_are_unique_valid_and_of_several_formats(plans, labels):
    keys = [p.accession for p in plans]
    assert len(set(keys)) == len(keys)
    assert max(len(part) for key in keys for part in key.split("\\")) <= 16  # VR SH
    shapes = {"".join("9" if c.isdigit() else c for c in key) for key in keys}
    assert len(shapes) == 6
    assert any("\\" in key for key in keys)  # two orders for one examination
    assert any(key.startswith("00") for key in keys)
    assert list(labels["study_key"]) == [p.accession for p in plans if p.part != "views"]


def test_some_patients_come_again_in_another_year_and_none_of_them_teaches_views(plans):
    studies = Counter(p.patient for p in plans if p.part != "views")
    assert max(studies.values()) >= 2
    years = {n: {p.date[:4] for p in plans if p.patient == n} for n, count in studies.items() if count > 1}
    assert any(len(y) > 1 for y in years.values())
    assert not studies.keys() & {p.patient for p in plans if p.part == "views"}
    assert all(p.years >= 0 for p in plans)


def test_no_repeats_when_none_are_asked_for():
    settings = SyntheticSettings(development_studies=60, external_studies=20, repeat_share=0.0)
    assert max(Counter(p.patient for p in plan_studies(settings)).values()) == 1


def test_videos_a_study(plans):
    for plan in plans:
        count = sum(video.view == "plax" for video in plan.videos)
        if plan.part == "views":
            assert len(plan.videos) == SETTINGS.view_study_views
        else:
            assert count == 0 or 2 <= count <= 4
            assert 1 <= len(plan.videos) - count <= 2
        assert [v.number for v in plan.videos] == list(range(1, len(plan.videos) + 1))
    bare = sum(not any(v.view == "plax" for v in p.videos) for p in plans if p.part != "views")
    assert bare == round(0.03 * 400)
    taught = Counter(v.view for p in plans if p.part == "views" for v in p.videos)
    assert set(taught) == set(LABELLED_VIEWS)


def test_even_a_small_cohort_has_a_study_without_plax():
    small = plan_studies(SyntheticSettings(development_studies=6, external_studies=2, view_studies=0))
    assert sum(not any(v.view == "plax" for v in p.videos) for p in small) == 1


def test_grades_follow_the_valve_area(plans, labels):
    areas = {p.accession: study_anatomy(SETTINGS, p).valve_area for p in plans}
    graded = labels.dropna(subset=["as_severity"])
    for grade, low, high in (
        ("None", 2.0, 9),
        ("Mild", 1.5, 2.0),
        ("Moderate", 1.0, 1.5),
        ("Severe", 0, 1.0),
    ):
        found = graded.loc[graded["as_severity"] == grade, "study_key"].map(areas)
        assert len(found) > 10
        assert ((found >= low) & (found < high)).all()
    low_flow = graded.loc[graded["as_severity"].isin(["Low gradient AS", "Paradoxical AS"]), "study_key"]
    assert 5 < len(low_flow) < 40
    assert (low_flow.map(areas) < 1.0).all()


def test_missing_values_are_as_many_as_asked(labels):
    assert labels["as_severity"].isna().mean() == pytest.approx(0.04, abs=0.025)
    missing = labels["lv_mass_index"].isna()
    assert missing.mean() == pytest.approx(0.08, abs=0.035)
    assert (labels.loc[missing, "ivsd"].notna()).any()
    assert (labels.loc[missing, "ivsd"].isna()).any()
    assert labels.loc[~missing, "ivsd"].notna().all()


def test_the_cohort_room_reads_the_table_and_its_formula_agrees(tmp_path, labels):
    path = tmp_path / "labels.csv"
    labels.to_csv(path, index=False)
    measured = dict.fromkeys(("ivsd", "lvidd", "pwtd", "height", "weight"))
    columns = LabelColumns(**{name: name for name in measured}, extra=("age", "race"))
    read = read_labels(path, columns)
    assert len(read) == len(labels)
    given = read_labels(path, LabelColumns())
    computed = read["lv_mass_index"].where(given["lv_mass_index"].isna())
    assert computed.notna().sum() > 3
    blanked = labels.assign(lv_mass_index=pd.NA)
    blanked.to_csv(path, index=False)
    formula = read_labels(path, columns)["lv_mass_index"]
    both = formula.notna() & given["lv_mass_index"].notna()
    away = (formula - given["lv_mass_index"])[both].abs()
    assert away.max() < 3.0  # the table's measurements are rounded to 0.01 cm
    assert (given["as_severity"] == "None").sum() > 10  # the text is a grade, not a missing value


def test_another_seed_is_another_cohort(plans):
    other = plan_studies(
        SyntheticSettings(development_studies=300, external_studies=100, view_studies=20, seed=1)
    )
    assert sum(a.accession == b.accession for a, b in zip(plans, other, strict=True)) < 20
    assert plan_studies(SETTINGS) == plans


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("views", ("plax", "kidney")),
        ("views", ("a4c",)),
        ("vendor_screens", ()),
        ("encodings", ("gif",)),
        ("inside_text_share", 1.5),
        ("transient_text_share", -0.1),
        ("severe_share", 1.2),
        ("missing_index", -0.1),
        ("frames", 1),
        ("plax_videos", (0, 2)),
        ("other_videos", (3, 2)),
        ("frame_rates", ()),
        ("screens", ((100, 100),)),
        ("jpeg_quality", 101),
        ("difficulty", -1.0),
        ("pictures", "none"),
        ("hypertrophy_shares", (0.5, 1.5)),
    ],
)
def test_settings_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        SyntheticSettings(**{field: value})
