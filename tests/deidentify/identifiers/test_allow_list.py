"""docs/privacy.md names every header attribute that is read, and every column that leaves."""

import ast
import re
from pathlib import Path

import pydicom
from pydicom.datadict import tag_for_keyword

from echoclr_core.deidentify.identifiers.shifted_dates import SHIFTED_DATES
from echoclr_core.deidentify.tables import SOURCE_FILES

ROOT = Path(__file__).resolve().parents[3]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \w+.*\| [0-9A-F]{4},[0-9A-F]{4}", line)
]
# No header value.
MADE = {"outcome", "decision"}


def keywords(text):
    return [word for word in re.findall(r"\b[A-Z]\w+", text) if tag_for_keyword(word)]


def asked_for():
    """DICOM keywords that stand in the reader's code."""
    found = set()
    for path in (ROOT / "echoclr_core" / "dicom").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            word = node.value if isinstance(node, ast.Constant) else getattr(node, "attr", None)
            if isinstance(word, str) and word.isidentifier() and tag_for_keyword(word):
                found.add(word)
    return found


def test_every_attribute_that_is_read_is_in_the_table():
    assert len(ROWS) > 15
    named = {word for attribute, *_ in ROWS for word in keywords(attribute)}
    assert asked_for() == named


def test_tags_are_those_of_the_keywords():
    for attribute, tag, *_ in ROWS:
        first = int(tag.split()[0].replace(",", ""), 16)
        assert tag_for_keyword(keywords(attribute)[0]) == first, attribute


def test_every_column_that_leaves_comes_from_a_row_of_the_table():
    columns = {name for *_, leaves in ROWS for name in re.findall(r"`(\w+)`", leaves)}
    assert {*SOURCE_FILES.columns, *SHIFTED_DATES.columns} - columns == MADE


def test_reading_a_file_holds_no_other_attribute(tmp_path):
    """What is not asked for is not even kept in memory."""
    from cine_files import phantom, write_cine

    from echoclr_core.dicom.header_parser import parse_header

    write_cine(tmp_path / "loop", phantom()[0], uid="1.2.3")
    data = pydicom.dcmread(tmp_path / "loop")
    data.PatientName, data.InstitutionName, data.PatientBirthDate = "Canary", "Canary", "19530228"
    data.save_as(tmp_path / "loop")
    held = {element.keyword for element in parse_header(tmp_path / "loop").dataset}
    assert not held & {"PatientName", "InstitutionName", "PatientBirthDate"}
