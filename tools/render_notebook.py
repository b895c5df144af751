"""Run docs/notebook.py cell by cell and write docs/notebook.md: text, code, what it prints, its figures.

python -m tools.render_notebook [docs]
"""

import ast
import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import matplotlib

from echoclr_core.common.files import atomic_path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "docs" / "notebook.py"
PAGE, IMAGES = "notebook.md", "images"
DPI = 90  # the page's figures stay below 100 kB


def cells(text: str) -> list[tuple[str, str]]:
    """("markdown" or "code", text) of each cell of a script in the percent format."""
    found = []
    for part in re.split(r"^# %%", text, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        if "[markdown]" in head:
            found.append(("markdown", re.sub(r"^# ?", "", body.strip("\n"), flags=re.M)))
        else:
            found.append(("code", body.strip("\n")))
    return found


def render(target: Path, source: Path = SOURCE) -> str:
    """Run the cells in an empty folder; figures go to ``target``/images. The page's text.

    A cell sees the names of those before it, and ``save_figure(figure, name, alt)``.
    """
    pieces: list[str] = []
    images = (target / IMAGES).resolve()
    images.mkdir(parents=True, exist_ok=True)

    def save_figure(figure, name: str, alt: str) -> None:
        figure.savefig(images / name, dpi=DPI, metadata={"Software": None})
        pieces.append(f"![{alt}]({IMAGES}/{name})")

    matplotlib.use("Agg")
    names = {"save_figure": save_figure, "__name__": "notebook"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for kind, text in cells(source.read_text(encoding="utf-8")):
                if kind == "markdown":
                    pieces.append(text)
                else:
                    pieces.append(f"```python\n{text}\n```")
                    pieces += _printed(text, names)
        finally:
            os.chdir(before)
    return "\n\n".join(pieces) + "\n"


def _printed(code: str, names: dict) -> list[str]:
    """What a cell prints, as a block; nothing for nothing."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(ast.parse(code), "notebook", "exec"), names)
    return [f"```text\n{told.getvalue().rstrip()}\n```"] if told.getvalue().strip() else []


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else ROOT / "docs"
    page = render(target)
    with atomic_path(target / PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
