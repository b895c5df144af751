"""The changelog: each change once, versions that fall, and the newest is that of the package."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import yaml

from echoclr_core.version import __version__

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] – (\d{4}-\d\d-\d\d) \(commit ([0-9a-f]{7})\)$", TEXT, re.M)
MAX_UNRELEASED = 120  # lines: longer, and the changes belong to a version


def entries(text: str) -> list[str]:
    """Each entry as one line, from its dash to the next entry or heading."""
    return [" ".join(entry.split()) for entry in re.findall(r"^- (.*?)(?=^- |^#|\Z)", text, re.M | re.S)]


def test_no_entry_stands_twice():
    found = entries(TEXT)
    assert len(found) > 50
    assert [entry for entry, count in Counter(found).items() if count > 1] == []


def test_unreleased_changes_stand_first_and_are_few():
    headings = re.findall(r"^## (.+)$", TEXT, re.M)
    assert headings[0] == "[Unreleased]"
    assert len(headings) == 1 + len(RELEASES) > 5
    unreleased = TEXT.split("## [Unreleased]")[1].split("\n## [")[0]
    assert len(unreleased.splitlines()) <= MAX_UNRELEASED


def test_versions_and_dates_fall():
    versions = [tuple(map(int, version.split("."))) for version, _, _ in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    dates = [date for _, date, _ in RELEASES]
    assert dates == sorted(dates, reverse=True)


def test_each_version_says_its_state():
    for section in TEXT.split("\n## [")[2:]:
        assert re.match(r"[^\n]+\n\nState: [a-z].{20,}", section), section[:60]


def test_the_newest_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    version, date, _ = RELEASES[0]
    assert project["version"] == citation["version"] == __version__ == version
    assert str(citation["date-released"]) == date
