"""Text of unknown content as CSV, Markdown and LaTeX show it literally: no formula, markup or command."""

import re
import unicodedata

_NUMBERS = re.compile(r"[-+]?[\d.,:;%()\[\]\s–—-]*(?:to|e[-+]?\d+)?[\d.,:;%()\[\]\s–—-]*", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_MARKDOWN = re.compile(r"([\\`*_\[\]$~|])")
_WITHIN_WORD = re.compile(r"(?<=\w)\\_(?=\w)")


def csv_cell(value):
    """A cell for a CSV file: text that a spreadsheet would run as a formula gets an apostrophe before it.

    Numbers stay numbers, and so do texts of numbers alone ("-0.012 (-0.020 to -0.004)"). Blanks, characters
    that are not seen and other widths of a sign do not hide a formula.
    """
    if not isinstance(value, str) or _is_numbers(value):
        return value
    return f"'{value}" if value[:1] in ("\t", "\r") or _visible(value).startswith(_FORMULA) else value


def _visible(text: str) -> str:
    """``text`` from its first visible character on, in the usual width."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c for c in plain if unicodedata.category(c)[0] != "C").lstrip().replace("\u2212", "-")


def _is_numbers(text: str) -> bool:
    return text[:1] in "+-0123456789" and _NUMBERS.fullmatch(text) is not None


def markdown(text: str) -> str:
    """``text`` within a cell or a line of Markdown; a line end becomes <br>."""
    plain = _ENTITY.sub("&amp;", _CONTROL.sub(" ", text)).replace("<", "&lt;").replace(">", "&gt;")
    # An underscore between letters is no emphasis, and column names are easier to read without backslashes.
    plain = _WITHIN_WORD.sub("_", _MARKDOWN.sub(r"\\\1", plain))
    return re.sub(r"\r\n|\r|\n", "<br>", plain)


LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    "[": "{[}",  # after the end of a row it would begin an argument
    "]": "{]}",
    "*": "{*}",
    "`": r"\textasciigrave{}",
    '"': "''",
    "–": "--",
    "—": "---",
    "²": r"\textsuperscript{2}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "\n": " ",
    "\r": " ",
    "\t": " ",
}


def latex(text: str) -> str:
    """``text`` as LaTeX prints it literally."""
    return "".join(LATEX.get(character, character) for character in _CONTROL.sub(" ", text))
