"""The page that goes from a DICOM file to a saliency film is what its script gives."""

import re
from pathlib import Path

import pytest

from tools.render_notebook import SOURCE, cells, render

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "notebook.md").read_text(encoding="utf-8")


def test_text_and_code_are_told_apart():
    found = cells("# %% [markdown]\n# # Title\n#\n# words\n\n# %%\na = 1  # one\n\nprint(a)\n")
    assert found == [("markdown", "# Title\n\nwords"), ("code", "a = 1  # one\n\nprint(a)")]


def test_the_page_holds_every_cell_and_small_figures():
    for _, text in cells(SOURCE.read_text(encoding="utf-8")):
        assert text in PAGE
    figures = re.findall(r"\]\((images/[\w.]+)\)", PAGE)
    assert len(figures) == 2
    assert all(1000 < (DOCS / name).stat().st_size < 150_000 for name in figures)


@pytest.mark.slow
def test_the_page_is_what_the_script_gives(tmp_path):
    assert render(tmp_path) == PAGE
