"""The cohort: every file accounted for, every reason met, nobody in two sets."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from small_archive import SETTINGS, TASKS, YEARS, Archive, basic, lines

from echoclr_core.cohort.build import build_cohort
from echoclr_core.cohort.digests import digest_of_videos, split_record
from echoclr_core.cohort.flow import FLOW, REASONS, STAGES, check_flow
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.dicom.outcomes import OUTCOMES
from echoclr_core.reporting.flow import flow_figure
from echoclr_core.tasks.task import make_task


def test_plain_cohort():
    cohort = basic().study("x0", year=2021, patient="p99").build()
    COHORT_VIDEOS.check(cohort.videos)
    COHORT_STUDIES.check(cohort.studies)
    FLOW.check(cohort.flow)
    counts = cohort.studies["set"].value_counts().to_dict()
    assert counts == {"train": 15, "val": 2, "test": 3, "external": 1}
    assert (cohort.studies["n_videos"] == 2).all()
    assert cohort.studies["severe_as"].sum() == 5
    assert cohort.studies["lvh"].sum() == 9  # women above 95: indices 96 to 104
    assert cohort.unmatched.empty
    merged = cohort.videos.merge(cohort.studies, on="study_id", suffixes=("", "_study"))
    assert (merged["set"] == merged["set_study"]).all()


def test_every_reason_is_counted_and_sums_hold():
    archive = basic()
    archive.video(None, "f0", outcome="not_dicom", year=None).video(
        None, "f1", outcome="not_dicom", year=None
    )
    archive.video("s00", "f2", outcome="single_frame").video("gone", "f3", outcome="truncated")
    archive.video("s01", "v0", view="a4c").video("s01", "v1", view="unreadable")
    archive.study("taught", videos=3, label=False)
    archive.video("blind", "b0", mask="blank").video("blind", "b1", mask="unreadable").video(
        "blind", "b2", mask="blank"
    )
    archive.study("blind", videos=0)
    archive.study("nolabel", label=False)
    archive.study("lflg", videos=4, grade="Paradoxical AS")
    archive.study("empty", grade=None, index=None)
    archive.study("late", year=2022)
    cohort = archive.build(excluded_studies=["taught"])
    flow = cohort.flow
    check_flow(flow)
    assert lines(flow, "archive") == {"kept": (27, len(archive.files))}
    assert lines(flow, "deidentification") | {"kept": 0} == {
        "not_dicom": (0, 2),
        "single_frame": (0, 1),
        "truncated": (1, 1),
        "kept": 0,
    }
    assert lines(flow, "view_classifier")["view_classifier_training"] == (1, 3)
    assert lines(flow, "views") == {"another_view": (0, 1), "unreadable": (0, 1), "kept": (25, 53)}
    assert lines(flow, "labels")["no_label_row"] == (1, 2)
    assert lines(flow, "grade")["excluded_grade"] == (1, 4)
    assert lines(flow, "mask") == {"blank": (1, 2), "unreadable": (0, 1), "kept": (22, 44)}
    assert lines(flow, "task_labels")["no_task_label"] == (1, 2)
    assert lines(flow, "years") == {"year_outside": (1, 2), "kept": (20, 40)}
    assert lines(flow, "split") == {"train": (15, 30), "val": (2, 4), "test": (3, 6), "external": (0, 0)}
    assert set(flow["stage"]) <= set(STAGES)
    assert set(flow["reason"]) <= set(REASONS)
    # The study that taught the view classifier is known to have no label row, so it is not listed.
    unmatched = {(row.kind, row.study_id): row.files for row in cohort.unmatched.itertuples()}
    assert unmatched == {("files_without_labels", "gone"): 1, ("files_without_labels", "nolabel"): 2}


def test_every_outcome_of_a_source_file_has_words():
    assert set(OUTCOMES) - {"ok"} <= set(REASONS)


def test_videos_without_a_known_frame_rate_leave_only_where_that_is_asked_for():
    archive = basic()
    for number, file in enumerate(archive.files):
        file["fps_source"] = "default" if number in (0, 2, 3) else "FrameTime"
    assert "frame_rate" not in set(archive.build().flow["stage"])
    cohort = archive.build(dataclasses.replace(SETTINGS, known_frame_rate=True))
    check_flow(cohort.flow)
    assert lines(cohort.flow, "frame_rate") == {"no_frame_rate": (1, 3), "kept": (19, 37)}
    assert len(cohort.videos) == 37
    assert flow_figure(cohort.flow)


def test_missing_labels_are_missing_for_their_task_only():
    archive = basic()
    archive.study("a", grade=None, index=100.0).study("b", grade="Severe", index=None).study("c", sex=None)
    studies = archive.build().studies.set_index("study_id")
    assert studies.loc["a", "severe_as"] is pd.NA
    assert studies.loc["a", "lvh"]
    assert studies.loc["b", "severe_as"]
    assert studies.loc["b", "lvh"] is pd.NA
    assert studies.loc["c", "lvh"] is pd.NA
    workshop = CohortSettings(development_years=range(2016, 2021), external_years=[], tasks=TASKS[:1])
    assert "a" not in set(archive.build(workshop).studies["study_id"])


def test_patient_split_keeps_patients_together_and_out_of_the_external_set():
    archive = Archive()
    for number in range(60):
        archive.study(
            f"s{number:02d}", patient=f"p{number % 25:02d}", grade="Severe" if number % 3 else "None"
        )
    for number in range(6):
        archive.study(f"x{number}", year=2021, patient=f"p{number + 22:02d}")
    by_study = archive.build()
    assert (by_study.studies["set"] == "external").sum() == 6
    settings = CohortSettings(
        development_years=range(2016, 2021), external_years=[2021], split_unit="patient"
    )
    cohort = archive.study("unknown").build(settings)
    assert lines(cohort.flow, "patients") == {
        "patient_in_development": (3, 6),
        "no_patient_id": (1, 2),
        "kept": (63, 126),
    }
    assert (cohort.studies.groupby("patient_id")["set"].nunique() == 1).all()
    assert by_study.studies.query("set != 'external'").groupby("patient_id")["set"].nunique().max() > 1


def test_patient_comes_from_the_files_where_the_labels_have_none():
    archive = basic()
    for file in archive.files:
        file["patient_id"] = "p" + file["study_id"]
    archive.labels[0]["patient_id"] = None
    archive.labels[1]["patient_id"] = "other"
    archive.labels[2]["study_year"] = 2019
    cohort = archive.build()
    patients = cohort.studies.set_index("study_id")["patient_id"]
    assert patients["s00"] == "ps00"
    assert patients["s01"] == "other"
    kinds = cohort.unmatched.groupby("kind").size().to_dict()
    assert kinds == {"patient_differs": 19, "year_differs": 1}


def test_label_without_files_is_reported():
    archive = basic().study("ghost", videos=0)
    unmatched = archive.build().unmatched
    assert unmatched[["kind", "study_id", "files"]].to_numpy().tolist() == [
        ["labels_without_files", "ghost", 0]
    ]


def test_result_does_not_depend_on_the_order_of_rows():
    archive = basic().study("x0", year=2021)
    first = archive.build()
    rng = np.random.default_rng(0)
    for rows in (archive.files, archive.views, archive.masks, archive.labels):
        rng.shuffle(rows)
    second = archive.build()
    for name in ("videos", "studies", "flow", "unmatched"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


def test_seed_changes_the_split_only():
    archive = basic()
    other = CohortSettings(**YEARS, tasks=TASKS, seed=1)
    first, second = archive.build(), archive.build(other)
    assert first.studies["set"].tolist() != second.studies["set"].tolist()
    pd.testing.assert_frame_equal(first.studies.drop(columns="set"), second.studies.drop(columns="set"))
    pd.testing.assert_frame_equal(first.flow, second.flow)


def test_extra_columns_reach_the_studies():
    archive = basic()
    for number, row in enumerate(archive.labels):
        row["age"] = 50 + number
    assert archive.build().studies["age"].tolist() == list(range(50, 70))


def test_tables_that_do_not_belong_together():
    archive = basic()
    archive.views.pop()
    with pytest.raises(ValueError, match="the view decisions lack 1 of 40 videos, s19-1"):
        archive.build()
    archive = basic()
    archive.masks.append(archive.masks[0])
    with pytest.raises(ValueError, match="the masked videos: 1 videos stand there twice"):
        archive.build()
    archive = basic()
    archive.files.append(archive.files[0])
    with pytest.raises(ValueError, match="1 share their video_id"):
        archive.build()
    archive = basic()
    for row in archive.labels:
        row["study_id"] = "z" + row["study_id"]
    with pytest.raises(ValueError, match=r"none of their 20 studies is among the 20.*input\.study_key"):
        archive.build()
    with pytest.raises(ValueError, match=r"no training study is left of 0.*years year_outside 20"):
        basic().build(CohortSettings(development_years=[1999], tasks=TASKS))
    with pytest.raises(ValueError, match="studies by step") as error:
        basic().build(CohortSettings(development_years=[1999], tasks=TASKS))
    assert " 0;" not in str(error.value)
    assert " 0)" not in str(error.value)


def test_a_repeated_file_is_one_row_and_no_error():
    archive = basic()
    archive.files.append(archive.files[0] | {"outcome": "duplicate"})
    assert lines(archive.build().flow, "deidentification")["duplicate"] == (0, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"development_years": [2020, 2021], "external_years": [2021]}, r"development_years: \[2021\]"),
        ({"development_years": []}, "development_years"),
        (
            {"development_years": [2020], "split_unit": "video"},
            r"split_unit\n.*'patient' or 'table'",
        ),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        CohortSettings(**settings)


def test_check_flow_notices_a_lost_study():
    flow = basic().build().flow
    flow.loc[flow["stage"] == "mask", "studies"] -= 1
    with pytest.raises(AssertionError, match="mask"):
        check_flow(flow)


def test_dataset_digest():
    one = digest_of_videos(["a", "b"], ["1", "2"], [True, None])
    assert one == digest_of_videos(["b", "a"], ["2", "1"], pd.array([None, 1], dtype="boolean"))
    others = [
        digest_of_videos(["a", "b"], ["1", "2"], [True, False]),
        digest_of_videos(["a", "b"], ["1", "2"]),
        digest_of_videos(["a", "b"], ["2", "1"], [True, None]),
        digest_of_videos(["a", "c"], ["1", "2"], [True, None]),
    ]
    assert len({one, *others}) == 5
    with pytest.raises(ValueError, match="1 videos stand there more than once"):
        digest_of_videos(["a", "a"], ["1", "2"])
    with pytest.raises(ValueError, match="2 videos, 1 digests"):
        digest_of_videos(["a", "b"], ["1"])


def test_sets_of_the_table_are_kept_and_a_study_without_one_leaves():
    archive = basic()
    labels = LABELS.check(pd.DataFrame(archive.labels)).assign(study_year=None)
    names = dict(zip(labels["study_id"], ["train", "val", "test", "external", None], strict=False))
    labels["provided_set"] = labels["study_id"].map(names).fillna("train").mask(labels.index == 4)
    tables = [pd.DataFrame(rows) for rows in (archive.files, archive.views, archive.masks)]
    settings = CohortSettings(development_years=[2016], external_years=[], split_unit="table", tasks=TASKS)
    cohort = build_cohort(*tables, labels, settings=settings)
    found = cohort.studies.set_index("study_id")["set"]
    assert (
        found.to_dict()
        == labels.dropna(subset="provided_set").set_index("study_id")["provided_set"].to_dict()
    )
    assert cohort.flow.set_index("reason").loc["no_provided_set", "studies"] == 1
    assert "provided_set" not in cohort.studies
    with pytest.raises(ValueError, match="provided_set"):
        build_cohort(*tables, labels.drop(columns="provided_set"), settings=settings)
    # without dates and without given sets, all are of the development years
    undated = build_cohort(*tables, labels.drop(columns="provided_set"), settings=SETTINGS)
    assert set(undated.studies["set"]) == {"train", "val", "test"}


def test_a_task_of_ones_own_labels_its_studies():
    archive = basic()
    labels = LABELS.check(pd.DataFrame(archive.labels))
    labels["lvef"] = pd.array([30.0, 55.0] * len(labels), dtype="Float64")[: len(labels)]
    labels.loc[0, "lvef"] = pd.NA
    tables = [pd.DataFrame(rows) for rows in (archive.files, archive.views, archive.masks)]
    reduced = make_task("reduced_ef", {"title": "Reduced EF", "column": "lvef", "positive_below": 40})
    cohort = build_cohort(*tables, labels, settings=CohortSettings(**YEARS, tasks=[*TASKS, reduced]))
    studies = cohort.studies.set_index("study_id")
    assert pd.isna(studies.loc[labels["study_id"][0], "reduced_ef"])
    assert not studies.loc[labels["study_id"][1], "reduced_ef"]
    assert studies.loc[labels["study_id"][2], "reduced_ef"]


def test_without_tasks_every_study_stays():
    archive = basic()
    archive.study("bare", grade=None, index=None)
    settings = CohortSettings(**YEARS)
    assert "bare" in set(archive.build(settings).studies["study_id"])
    assert "bare" not in set(archive.build().studies["study_id"])


def test_split_record_names_the_split():
    studies = basic().build().studies
    record = split_record(studies, SETTINGS)
    assert (
        record["studies"] == studies["set"].value_counts().reindex(record["studies"], fill_value=0).to_dict()
    )
    assert sum(record["videos"].values()) == studies["n_videos"].sum()
    assert split_record(studies.sample(frac=1, random_state=0), SETTINGS) == record
    moved = studies.assign(set=studies["set"].replace({"val": "test"}))
    assert split_record(moved, SETTINGS)["digest"] != record["digest"]


def test_studies_that_left_the_archive_are_counted_in_no_sum():
    archive = basic()
    flow = archive.build(removed=(2, 7)).flow
    check_flow(flow)
    assert lines(flow, "archive") == {"kept": (20, len(archive.files)), "removed": (2, 7)}
    assert flow["order"].tolist() == list(range(len(flow)))
    assert "removed" not in set(archive.build().flow["reason"])
    assert len(flow_figure(flow).axes) == 1
