"""One concept has one name: keys, columns and pages use the glossary's terms, not the words beside them."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if page.stem != "glossary")
PAGES.append(ROOT / "README.md")
# Words that are set aside for one concept while they name another: a video is no clip, but a clip is one; a
# decision of a person is no verdict, but what an interval says is one.
ALSO_TERMS = {"batch", "clip", "cohort", "fraction", "image", "outcome", "repeat", "split", "status"}
ALSO_TERMS |= {"verdict", "window"}
# Words of no field; names once held them.
PRIVATE = {"given", "told", "story", "stray", "strays", "evidence", "taught", "tidy", "silent", "again"}
# What pages never call an examination, a key, a saliency map, the flow, ...
NOT_ON_PAGES = ("exam", "examination", "funnel", "salt", "heat map", "error bar", "init weights")


def rows():
    """Cells of the glossary's rows: term, meaning, words that the term replaces."""
    lines = (ROOT / "docs/glossary.md").read_text().splitlines()
    return [[cell.strip().lower() for cell in line.split("|")[1:4]] for line in lines if line[:1] == "|"][2:]


def set_aside():
    return {word.strip() for _, _, words in rows() for word in words.split(",") if word.strip()}


def properties(schema):
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def columns():
    return re.findall(r"^\| `([a-z0-9_]+)` \|", (ROOT / "docs/tables.md").read_text(), re.MULTILINE)


def test_keys_and_columns_use_the_terms():
    names = {*properties(json.loads((ROOT / "config/schema/config.schema.json").read_text())), *columns()}
    words = (set_aside() - ALSO_TERMS) | PRIVATE
    assert len(names) > 200
    assert len(words) > 20
    wrong = {name for name in names if {*name.split("_"), name.replace("_", " ")} & words}
    assert wrong == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_use_the_terms(page):
    assert set(NOT_ON_PAGES) <= set_aside()
    prose = re.sub(r"```.*?```|`[^`]*`", " ", page.read_text(), flags=re.DOTALL).lower()
    assert [word for word in NOT_ON_PAGES if re.search(rf"\b{word}s?\b", prose)] == []


def test_terms_stand_once():
    terms = [term.strip() for names, _, _ in rows() for term in names.split(",")]
    assert len(terms) == len(set(terms)) > 30
