"""Every message of an error stands in docs/messages.md with its cause and cure, and nothing else does."""

import importlib.util
import re
from pathlib import Path

import pytest

from echoclr_core.dicom.outcomes import OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location(
    "error_messages", Path(__file__).with_name("error_messages.py")
)
messages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(messages)

MIN_PATTERN = 10  # letters: a shorter one would fit messages that it does not mean


def rows() -> list[tuple[list[str], str]]:
    """The messages of each entry of the page, and what is said of them."""
    text = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    entries = re.findall(r"^((?:`.+`\n)+):   (.+(?:\n    .+)*)", text, re.M)
    return [
        ([re.sub(r"^(`+) ?(.*?) ?\1$", r"\2", line) for line in terms.splitlines()], " ".join(body.split()))
        for terms, body in entries
    ]


PATTERNS = [pattern for patterns, _ in rows() for pattern in patterns]
FOUND = sorted({*messages.raised(), *messages.listed()})


def test_every_message_has_an_entry():
    assert len(FOUND) > 400
    assert {place.split("/")[0] for place, _, _ in FOUND} == set(messages.PACKAGES)
    missing = [
        f"{place}: {message}"
        for place, _, message in FOUND
        if messages.letters(message) >= MIN_PATTERN
        and not any(messages.matches(pattern, message) for pattern in PATTERNS)
    ]
    assert not missing, "docs/messages.md says nothing of\n" + "\n".join(missing)


def test_every_entry_is_of_a_message_that_exists():
    texts = [message for _, _, message in FOUND]
    stale = [pattern for pattern in PATTERNS if not any(messages.matches(pattern, text) for text in texts)]
    assert not stale, "docs/messages.md explains what the code does not say (any more):\n" + "\n".join(stale)


def test_no_pattern_fits_everything():
    assert [pattern for pattern in PATTERNS if messages.letters(pattern) < MIN_PATTERN] == []
    for pattern in PATTERNS:
        fitting = {message for _, _, message in FOUND if messages.matches(pattern, message)}
        assert len(fitting) <= 12, (pattern, fitting)


def test_every_entry_has_a_cause_and_a_cure():
    assert len(rows()) > 60
    for _, text in rows():
        cause, _, cure = text.partition(" *What to do:* ")
        assert len(cause) > 20, text
        assert len(cure) > 5, text


def test_outcomes_of_files_are_those_of_the_vocabulary():
    found = dict(map(reversed, messages.outcomes()))
    assert len(found) > 10
    assert set(found) <= set(OUTCOMES), found


def test_rules_raise_nothing_themselves():
    """What rules refuse, they refuse by functions of workflow_scripts, whose messages are read here."""
    files = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
    assert len(files) > 10
    assert [path.name for path in files if re.search(r"^\s*raise\b", path.read_text(), re.M)] == []


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("no file …", "table: no file …", True),
        ("a … b", "b … a", False),
        ("row …: allowed is", "file: row …: 3; allowed is", False),
    ],
)
def test_matching(pattern, message, expected):
    assert messages.matches(pattern, message) is expected
