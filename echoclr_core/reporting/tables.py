"""How a table becomes CSV, Markdown and LaTeX."""

import csv
from pathlib import Path

import pandas as pd

from echoclr_core.common.files import atomic_path
from echoclr_core.reporting.escaping import csv_cell, latex, markdown

EXACT = " (exact)"
"""Columns whose names end so are numbers for machines: they stand in the CSV only."""

ABSENT = "–"


def printed(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` without its EXACT columns."""
    return frame[[name for name in frame.columns if not str(name).endswith(EXACT)]]


def write_table(
    frame: pd.DataFrame, stem: str | Path, *, caption: str = "", long: bool = False
) -> tuple[Path, Path, Path]:
    """Write ``stem``.csv (all columns, full precision), .md and .tex (without EXACT columns).

    Parameters
    ----------
    frame
        Its index is not written. Missing cells become empty in CSV and "–" in print.
    stem
        Path without suffix.
    caption
        Plain text: above the Markdown table, and the LaTeX caption.
    long
        LaTeX that breaks over pages and within cells, see :func:`to_long_latex`.

    Returns
    -------
    The three paths.
    """
    stem = Path(stem)
    shown = printed(frame)
    texts = {
        ".csv": to_csv(frame),
        ".md": to_markdown(shown, caption=caption),
        ".tex": (to_long_latex if long else to_latex)(shown, caption=caption),
    }
    paths = [stem.with_name(stem.name + suffix) for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return paths[0], paths[1], paths[2]


def to_csv(frame: pd.DataFrame) -> str:
    """Comma-separated text that a spreadsheet shows and does not run: see :func:`csv_cell`."""
    safe = frame.map(csv_cell).rename(columns=csv_cell)
    # Where the list separator is a semicolon, what follows one in a cell without quotes is a cell of its own.
    texts = [str(name) for name in safe.columns]
    texts += [value for name in safe.columns for value in safe[name] if isinstance(value, str)]
    split = any(mark in text for text in texts for mark in ";\t\r")
    quoting = csv.QUOTE_NONNUMERIC if split else csv.QUOTE_MINIMAL
    return safe.to_csv(index=False, lineterminator="\n", quoting=quoting)


def to_markdown(frame: pd.DataFrame, *, caption: str = "") -> str:
    """A pipe table; what is special to Markdown and HTML is escaped, in the caption too."""
    head = [markdown(str(name)) for name in frame.columns]
    align = ["---:" if pd.api.types.is_numeric_dtype(frame[name]) else "---" for name in frame.columns]
    body = [[markdown(_text(value)) for value in row] for row in frame.itertuples(index=False)]
    lines = ["| " + " | ".join(row) + " |" for row in [head, align, *body]]
    return (f"{markdown(caption)}\n\n" if caption else "") + "\n".join(lines) + "\n"


def to_latex(frame: pd.DataFrame, *, caption: str = "") -> str:
    """A booktabs ``table*``; everything special to LaTeX is escaped. Needs ``\\usepackage{booktabs}``."""
    align = "".join("r" if pd.api.types.is_numeric_dtype(frame[name]) else "l" for name in frame.columns)
    rows = [
        " & ".join(latex(_text(value)) for value in row) + r" \\" for row in frame.itertuples(index=False)
    ]
    head = " & ".join(latex(str(name)) for name in frame.columns) + r" \\"
    lines = [r"\begin{table*}", r"\centering", r"\footnotesize"]
    if caption:
        lines.append(rf"\caption{{{latex(caption)}}}")
    lines += [rf"\begin{{tabular}}{{{align}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule"]
    return "\n".join([*lines, r"\end{tabular}", r"\end{table*}"]) + "\n"


def to_long_latex(frame: pd.DataFrame, *, caption: str = "") -> str:
    """A longtable whose cells wrap, all columns equally wide. Needs booktabs, longtable and
    array."""
    width = f"{0.9 / max(1, frame.shape[1]):.3f}"
    column = rf">{{\raggedright\arraybackslash}}p{{{width}\textwidth}}"
    head = " & ".join(latex(str(name)) for name in frame.columns) + r" \\"
    rows = [
        " & ".join(latex(_text(value)) for value in row) + r" \\" for row in frame.itertuples(index=False)
    ]
    lines = [r"\footnotesize", rf"\begin{{longtable}}{{{column * frame.shape[1]}}}"]
    if caption:
        lines.append(rf"\caption{{{latex(caption)}}} \\")
    lines += [r"\toprule", head, r"\midrule", r"\endhead", *rows, r"\bottomrule"]
    return "\n".join([*lines, r"\end{longtable}"]) + "\n"


def _text(value) -> str:
    return ABSENT if value is None or pd.isna(value) else str(value)
