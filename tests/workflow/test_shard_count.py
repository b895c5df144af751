"""The number of shards follows from the archive, once."""

import pytest

from workflow_scripts.lib.shard_count import count_for, record_count, recorded_count, shard_count


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dicom" / "a").mkdir(parents=True)
    synthetic = {"development_studies": 0, "external_studies": 0, "view_studies": 0}
    return {
        "study": {"name": "mine"},
        "input": {"shards": None, "dicom_dir": "dicom", "avi": {"dir": ""}},
        "synthetic": synthetic,
    }


@pytest.mark.parametrize(
    ("files", "shards"),
    [(0, 1), (1, 1), (360, 1), (361, 2), (1_433, 4), (10_000, 8), (36_000, 10), (447_653, 125)],
)
def test_large_archives_have_as_many_as_the_papers_small_ones_a_few(files, shards):
    assert count_for(files) == shards


def fill(folder, number):
    for index in range(number):
        (folder / f"{index}").touch()


def test_a_study_keeps_its_number_when_files_are_added(config, tmp_path):
    fill(tmp_path / "dicom" / "a", 400)
    assert shard_count(config) == 2
    assert recorded_count(config) == 0, "a plan writes nothing"
    begun = config | {"input": config["input"] | {"shards": 2}}
    record_count(begun)
    fill(tmp_path / "dicom", 800)
    assert shard_count(config) == 2


def test_what_is_set_counts_and_is_kept_when_it_is_not_set_any_more(config):
    begun = config | {"input": config["input"] | {"shards": 20}}
    assert shard_count(begun) == 20
    record_count(begun)
    assert shard_count(config) == 20


def test_a_catalogue_without_a_record_tells_its_number(config, tmp_path):
    catalogue = tmp_path / "results" / "mine" / "restricted" / "catalog"
    catalogue.mkdir(parents=True)
    for number in range(7):
        (catalogue / f"{number:04d}.parquet").touch()
    (catalogue / "kept.parquet").touch()
    assert shard_count(config) == 7


def test_a_synthetic_cohort_is_counted_before_it_is_there(config):
    config["synthetic"] = {"development_studies": 10_000, "external_studies": 2_500, "view_studies": 0}
    assert shard_count(config) == 125
