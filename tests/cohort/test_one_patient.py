"""A study key that stands for several patients: nobody's label or heart goes to another person."""

import pandas as pd
import pytest
from small_archive import TASKS, YEARS, Archive, basic, lines

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.labels import apply_pseudonyms, read_labels
from echoclr_core.cohort.one_patient import patient_part
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.table_checks import check_labels
from echoclr_core.pretrain.pairs import study_pairs


def settings(choice):
    return CohortSettings(**YEARS, tasks=TASKS, several_patients=choice)


def shared(**label) -> Archive:
    """Twenty studies of one patient each; "mix" has three videos of P, two of Q and one of nobody."""
    archive = basic()
    for number, patient in enumerate("PPPQQ"):
        archive.video("mix", f"mix-{number}", patient=patient)
    archive.video("mix", "mix-5")
    archive.study("mix", videos=0, **label)
    return archive


def kinds(cohort):
    return {(row.kind, row.study_id, row.files) for row in cohort.unmatched.itertuples()}


def owners(archive, videos):
    patient = {file["video_id"]: file["patient_id"] for file in archive.files}
    return [patient[video] for video in videos["video_id"]]


def test_a_study_of_several_patients_is_left_out_and_reported():
    archive = shared(patient="P")
    cohort = archive.build()
    assert ("several_patients", "mix", 6) in kinds(cohort)
    assert lines(cohort.flow, "one_patient") == {"several_patients": (1, 6), "kept": (20, 40)}
    assert "mix" not in set(cohort.studies["study_id"])


def test_a_file_that_is_no_loop_shows_a_shared_key_too():
    archive = basic().video("s03", "report", outcome="no_pixels", patient="Q")
    cohort = archive.build()
    assert ("several_patients", "s03", 3) in kinds(cohort)
    assert "s03" not in set(cohort.studies["study_id"])


@pytest.mark.parametrize(("label", "kept"), [(None, "P"), ("P", "P"), ("Q", "Q")])
def test_the_majority_or_the_patient_of_the_label_is_kept(label, kept):
    archive = shared(patient=label)
    cohort = archive.build(settings("majority"))
    videos = cohort.videos[cohort.videos["study_id"] == "mix"]
    assert owners(archive, videos) == [kept] * {"P": 3, "Q": 2}[kept]
    assert lines(cohort.flow, "one_patient")["several_patients"][0] == 0
    assert cohort.studies.set_index("study_id").loc["mix", "patient_id"] == kept


def test_split_gives_each_patient_a_study_and_its_own_label():
    archive = shared(patient="P", grade="Severe")
    archive.study("mix", videos=0, patient="Q", grade="None")
    cohort = archive.build(settings("split"))
    studies = cohort.studies.set_index("study_id")
    for patient, severe, count in (("P", True, 3), ("Q", False, 2)):
        row = studies.loc[patient_part("mix", patient)]
        assert (row["patient_id"], row["severe_as"], row["n_videos"]) == (patient, severe, count)
    assert lines(cohort.flow, "one_patient")["several_patients"] == (1, 1)  # the video of nobody
    pairs = study_pairs(list(cohort.videos["study_id"]))
    patients = owners(archive, cohort.videos)
    assert all(patients[a] == patients[b] for a, b in pairs)


def test_split_gives_no_label_to_a_patient_whom_its_row_does_not_name():
    cohort = shared(patient=None, grade="Severe").build(settings("split"))
    assert not set(cohort.studies["study_id"]) & {"mix", *(patient_part("mix", name) for name in "PQ")}
    assert lines(cohort.flow, "labels")["no_label_row"] == (2, 5)


def test_studies_that_trained_the_view_classifier_leave_whole():
    for choice in ("exclude", "split", "majority"):
        cohort = shared(patient="P").build(settings(choice), excluded_studies=["mix"])
        assert len(cohort.studies) == 20
        assert cohort.unmatched.empty


def test_several_study_uids_are_reported_and_stay():
    archive = basic()
    for number, file in enumerate(archive.files):
        file["study_uid_id"] = f"u{number}" if file["study_id"] == "s05" else "u"
    cohort = archive.build()
    assert kinds(cohort) == {("several_study_uids", "s05", 2)}
    assert "s05" in set(cohort.studies["study_id"])


def test_a_label_without_issuer_means_the_patient_of_the_files():
    archive = basic()
    for file in archive.files:
        file["unissued_patient_id"] = file["patient_id"]
        file["patient_id"] += "^^^S1"
    cohort = archive.build()
    assert cohort.unmatched.empty
    assert set(cohort.studies["patient_id"]) == {f"p{number:02d}^^^S1" for number in range(20)}


TABLE = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index\n{}A2,P2,2019-05-01,M,None,96\n"


@pytest.mark.parametrize(
    ("rows", "good"),
    [
        ("A1,P1,2019-05-01,F,Severe,96\nA1,P2,2019-05-01,F,None,96\n", True),
        ("A1,P1,2019-05-01,F,Severe,96\nA1,P1,2019-05-01,F,None,96\n", False),
        ("A1,P1,2019-05-01,F,Severe,96\nA1,,2019-05-01,F,None,96\n", False),
    ],
)
def test_a_study_has_a_row_for_each_patient_where_it_is_split(tmp_path, rows, good):
    path = tmp_path / "labels.csv"
    path.write_text(TABLE.format(rows))
    assert any("row a study is allowed" in line for line in check_labels(path, LabelColumns()))
    problems = check_labels(path, LabelColumns(several_patients=True))
    assert ("several_patients: split" not in "".join(problems)) == good
    if good:
        labels = read_labels(path, LabelColumns(several_patients=True))
        LABELS.check(apply_pseudonyms(labels, study=str, patient=str))


def test_several_rows_of_a_study_need_the_option():
    archive = shared(patient="P")
    archive.study("mix", videos=0, patient="Q")
    with pytest.raises(ValueError, match="several_patients: split"):
        archive.build()
    assert isinstance(archive.build(settings("split")).studies, pd.DataFrame)
