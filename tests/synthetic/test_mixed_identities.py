"""Loops that share a study key or a UID with another patient's: written when asked for, and reported."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import yaml

from echoclr_core.cohort.build import build_cohort
from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.labels import apply_pseudonyms, read_labels
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.files.distractor_files import DISTRACTOR_FILES
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.tasks.task import make_task

CONFIG = Path(__file__).resolve().parents[2] / "config.yaml"
KEY = Pseudonyms(bytes(range(32)))
KINDS = ("shared_study_key", "shared_uid", "issuer", "trailing_blank")
SMALL = {
    "development_studies": 14,
    "external_studies": 0,
    "view_studies": 0,
    "repeat_share": 0.0,
    "without_plax": 0.0,
    "missing_severity": 0.0,
    "pictures": "tiny",
    "frames": 4,
}


def files(root):
    paths = [path for path in (root / "dicom").rglob("*") if path.is_file()]
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    root = tmp_path_factory.mktemp("mixed") / "archive"
    write_archive(root, SyntheticSettings(**SMALL, mixed_identities=True))
    rows = pseudonymise(scan_archive(root / "dicom"), KEY, 2).set_index("path", drop=False)
    paths = DISTRACTOR_FILES.read(root / "distractor_files.parquet").groupby("kind")["path"].agg(list)
    return root, rows, paths


def test_every_other_file_keeps_its_bytes(archive, tmp_path):
    write_archive(tmp_path / "plain", SyntheticSettings(**SMALL))
    mixed, plain = files(archive[0]), files(tmp_path / "plain")
    assert set(mixed.items()) >= set(plain.items())
    assert len(mixed) == len(plain) + 5


def test_all_are_readable_loops_with_pseudonyms_of_their_own(archive):
    _, rows, paths = archive
    added = rows.loc[[path for kind in KINDS for path in paths[kind]]]
    assert list(added["outcome"]) == ["ok"] * 5
    assert rows["video_id"].is_unique


def test_a_shared_uid_is_no_duplicate(archive):
    _, rows, paths = archive
    [path] = paths["shared_uid"]
    twins = rows[rows["sop_uid"] == rows.loc[path, "sop_uid"]]
    assert list(twins["outcome"]) == ["ok", "ok"]
    assert twins["patient_id"].nunique() == 2


def test_paths_that_differ_in_a_blank_are_two_files(archive):
    _, rows, paths = archive
    one, other = sorted(paths["trailing_blank"])
    assert other == f"{one} "
    assert rows.loc[[one, other], "sop_uid"].isna().all()
    assert rows.loc[one, "video_id"] != rows.loc[other, "video_id"]


def test_flow_and_unmatched_report_the_shared_key_alone(archive):
    root, rows, paths = archive
    shared = rows.loc[paths["shared_study_key"][0], "study_id"]
    cohort = cohort_of(root, rows)
    mixed = cohort.unmatched[cohort.unmatched["kind"].str.startswith("several_")]
    assert set(zip(mixed["kind"], mixed["study_id"], strict=True)) == {
        ("several_patients", shared),
        ("several_study_uids", shared),
    }
    flow = cohort.flow.set_index(["stage", "reason"])
    count = ((rows["study_id"] == shared) & (rows["outcome"] == "ok")).sum()
    assert tuple(flow.loc[("one_patient", "several_patients"), ["studies", "videos"]]) == (1, count)
    assert shared not in set(cohort.studies["study_id"])
    issuer = rows.loc[paths["issuer"][0], "study_id"]
    assert issuer in set(
        cohort.studies["study_id"]
    )  # one loop alone names the issuer: one patient all the same


def cohort_of(root, rows):
    """The cohort of the development studies, every readable loop taken for a kept view."""
    paper = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["tasks"]
    columns = LabelColumns()
    labels = read_labels(root / "labels.csv", columns)
    labels = apply_pseudonyms(labels, study=KEY.study, patient=KEY.patient)
    usable = rows[rows["outcome"] == "ok"]["video_id"].to_list()
    views = pd.DataFrame({"video_id": usable, "outcome": "ok", "kept_view": "plax"})
    views["kept"] = pd.array([True] * len(usable), "boolean")
    masks = pd.DataFrame({"video_id": usable, "outcome": "ok", "n_frames": 40, "fps": 30.0})
    settings = CohortSettings(
        development_years=range(2016, 2021),
        external_years=[2021],
        tasks=tuple(make_task(name, values) for name, values in paper.items()),
    )
    return build_cohort(rows.reset_index(drop=True), views, masks, labels, settings=settings)


def test_too_few_patients_are_refused(tmp_path):
    with pytest.raises(ValueError, match="mixed_identities: the labelled studies are of 3 patients"):
        write_archive(
            tmp_path / "a", SyntheticSettings(**SMALL | {"development_studies": 3}, mixed_identities=True)
        )
