"""How many shards the archive is worked on in: as configured, as before, or by the number of its files."""

import json
import math
import os
import re
from pathlib import Path

from echoclr_core.common.files import write_json
from workflow_scripts.lib.results_folder import results_path

FILES_OF_A_SHARD = 3600
"""The paper's 447,653 files make 125 shards; more would cost planning, fewer make each failure dear."""
FILES_OF_A_SMALL_SHARD, SMALL_SHARDS = 360, 8
"""A small archive is still split, so that its first stages fill more cores than one job takes."""
STUDY_FILES = 36  # of the paper: 447,653 files of 12,500 studies


def shard_count(config: dict) -> int:
    """The number of shards of the study.

    A study that was begun keeps its number, whatever is added to the archive: with another one every study
    would move to another shard, and everything start over.
    """
    return config["input"]["shards"] or recorded_count(config) or count_for(_number_of_files(config))


def count_for(files: int) -> int:
    """The number of shards for an archive of so many files."""
    small = min(SMALL_SHARDS, math.ceil(files / FILES_OF_A_SMALL_SHARD))
    return max(1, small, math.ceil(files / FILES_OF_A_SHARD))


def recorded_count(config: dict) -> int:
    """The number with which the study was begun; 0 if it was not."""
    if count := read_count(_record(config)):
        return count
    catalogue = results_path(config) / "restricted" / "catalog"
    if not catalogue.is_dir():
        return 0
    return sum(re.fullmatch(r"\d{4}\.parquet", path.name) is not None for path in catalogue.iterdir())


def record_count(config: dict) -> None:
    """Keep the number for later runs and for the jobs of this one, which read the configuration anew."""
    write_json(_record(config), {"shards": config["input"]["shards"]})


def read_count(record: Path) -> int:
    """The number in a file of :func:`record_count`; 0 without the file."""
    return int(json.loads(record.read_text(encoding="utf-8"))["shards"]) if record.is_file() else 0


def count_files(folder: str) -> int:
    """How many files lie below ``folder``; 0 for ""."""
    return sum(len(names) for _, _, names in os.walk(folder)) if folder else 0


def _record(config: dict) -> Path:
    return results_path(config) / "state" / "shards.json"


def _number_of_files(config: dict) -> int:
    """How many files the archive has; of a synthetic one, which is not there yet, about how many."""
    synthetic = config["synthetic"]
    if synthetic["development_studies"]:
        parts = ("development_studies", "external_studies", "view_studies")
        return STUDY_FILES * sum(synthetic[part] for part in parts)
    return count_files(config["input"]["dicom_dir"] or config["input"]["avi"]["dir"])
