"""Each change stands in the changelog once."""

import re
from collections import Counter
from pathlib import Path

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def entries(text: str) -> list[str]:
    """Each entry as one line, from its dash to the next entry or heading."""
    return [" ".join(entry.split()) for entry in re.findall(r"^- (.*?)(?=^- |^#|\Z)", text, re.M | re.S)]


def test_no_entry_stands_twice():
    found = entries(CHANGELOG.read_text())
    assert len(found) > 50
    assert [entry for entry, count in Counter(found).items() if count > 1] == []
