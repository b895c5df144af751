"""Columns that leave restricted/ as they were typed: what in them can name a person, and how it is found.

A cell is searched for dates, keys and numbers; a whole column for texts that are no categories.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from echoclr_core.common.category_words import is_category
from echoclr_core.common.date_columns import repeated_date_part
from echoclr_core.common.date_search import find_dates, prepare
from echoclr_core.common.known_dates import exponent_numbers, holds_known_date, is_known_date

MAX_LEVELS = 24
"""Different texts of a column of categories; the most used network knows 23 views."""

NEARLY_ALL = 0.8  # share of the studies with a text of their own, from FEW_TEXTS texts on
NEARLY_HALF = 0.5  # the same from SEVERAL_TEXTS on
FEW_TEXTS, SEVERAL_TEXTS = 3, 8
MIN_KEY = 5  # letters and digits; shorter keys stand in other cells by chance
MIN_DIGITS = 6  # of a number that is more likely an identifier than a measurement
SERIAL_DAYS = (20000, 60000)  # days since 1900 from 1954 to 2064, as spreadsheets store a date
SHIFTS = 8  # comparisons with the dates of other rows
MIN_NUMBERED = 30  # rows from which distinct whole numbers in a narrow range are a numbering

_LONG_NUMBER = re.compile(rf"(?<!\d)(?<!\d[.,])\d{{{MIN_DIGITS},}}")
_DECIMAL = re.compile(r"(?<![\d.,])(?:0|[1-9]\d{0,2})[.,]\d+(?!\d|[.,]\d)")
_GROUPS = re.compile(r"\+?\(?\d+\)?(?:[\s().\-/]{1,2}\d+)+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MAIL = re.compile(
    r"[^\s@]@[^\s@]|[^\s@]\s?@\s?[^\s@]+\.[a-z]|[^\s@]\s?[\[(]at[\])]\s?[^\s@]|\sat\s.*\w\s?[\[(]?dot[\])]?\s?\w"
)
_ADDRESS = re.compile(r"\w://|\bwww\.\w")
_PERSON_NAME = re.compile(r"\w\^|\^\w")  # DICOM's Family^Given
_TITLES = (
    "Dr Mr Mrs Ms Miss Prof Doctor Herr Frau Doktor Mme Mlle Monsieur Madame Docteur Dott Dottore Signora? "
    "Señora? Señorita Dra Mevrouw Meneer"
)
_TITLE = re.compile(rf"\b(?:{_TITLES.replace(' ', '|')})\b\.?\s+[^\W\d_a-z]\w")
_SERIAL = re.compile(r"(?<![\w.])[a-z\d]+(?:-[a-z\d]+)*(?![\w.])")
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"\w[\w./\-:]*\w|\w")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Cells that may not leave: the index labels of their rows, and what would be allowed instead."""

    rows: pd.Index
    allowed: str


@dataclass(frozen=True, kw_only=True)
class TableIdentifiers:
    """The identifiers of a table, against which its published columns are searched.

    Parameters
    ----------
    keys
        Name to cells of every column that identifies (study, patient, file); the index is that of the table.
    dates
        For each row (index of the table) the dates that its cells mean (study date, birth date, …).
    units
        Whom the rows belong to (patients, else studies); texts are counted against them. None: rows.
    """

    keys: Mapping[str, pd.Series] = field(default_factory=dict)
    dates: pd.Series | None = None
    units: pd.Series | None = None


def search_column(
    cells: pd.Series, identifiers: TableIdentifiers, *, released: bool = False, as_levels: bool = False
) -> list[Finding]:
    """What may not leave in one column.

    Parameters
    ----------
    cells
        Text (string dtype), missing cells allowed; the index is that of the table.
    identifiers
        Keys and dates of the table.
    released
        Whether the user has released the column by name. Then only the key and the dates of its own row are
        looked for, and in columns of numbers nothing.
    as_levels
        Whether numbers count as categories too (grades, views).

    Returns
    -------
    Findings, at most one for a cell beside those on the column as a whole; the texts hold no cell.
    """
    cells = cells.dropna()
    if cells.empty:
        return []
    numbers = _as_numbers(cells)
    if numbers.notna().all():
        if released:
            return []
        found = _search_numbers(numbers, identifiers)
    else:
        found = _search_texts(cells, identifiers, released=released)
    if released or (numbers.notna().all() and not as_levels):
        return found
    return found + _search_levels(cells, numbers, identifiers)


def _as_numbers(cells: pd.Series) -> pd.Series:
    """Each cell as a number (float), NaN where it is none; digits of any script count."""
    plain = [None if pd.isna(cell) else cell if cell.isascii() else prepare(cell) for cell in cells]
    return pd.to_numeric(pd.Series(plain, index=cells.index, dtype="object"), errors="coerce").astype(float)


def search_texts(texts: Collection[str]) -> dict[str, str]:
    """Text to what is not allowed in it, for texts that belong to no row (names of classes)."""
    found = {text: _text_reason(text) for text in dict.fromkeys(texts)}
    return {text: reason for text, reason in found.items() if reason}


def _text_reason(text: str) -> str | None:
    """What in a text may not leave, whatever its row."""
    plain = prepare(text)
    if find_dates(text):
        return "an exact date"
    if _LONG_NUMBER.search(plain) or any(
        number >= 10 ** (MIN_DIGITS - 1) for number in exponent_numbers(plain)
    ):
        return f"a number of {MIN_DIGITS} or more digits"
    if _MAIL.search(plain) or _ADDRESS.search(plain):
        return "an e-mail or web address"
    if any(_is_phone(match[0]) for match in _GROUPS.finditer(_DECIMAL.sub(" ~ ", plain))):
        return "a telephone number or another number in groups"
    if any(_is_serial(match[0]) for match in _SERIAL.finditer(plain)):
        return "a number that is mixed with letters, as those of insurances are"
    if _PERSON_NAME.search(text) or _TITLE.search(text):
        return "a name of a person"
    return None


def _is_phone(groups: str) -> bool:
    """Whether groups of digits are long enough for a telephone number, and no range of years."""
    parts = re.findall(r"\d+", groups)
    return sum(map(len, parts)) >= 7 and not all(_YEAR.fullmatch(part) for part in parts)


def _is_serial(token: str) -> bool:
    """Whether letters and digits take turns as in the number of an insurance, and in no measurement."""
    runs = re.findall(r"\d+|[a-z]+", token)
    digits = sum(len(run) for run in runs if run.isdigit())
    letters = sum(map(len, runs)) - digits
    return len(runs) >= 6 and digits >= 4 and letters >= 2 and digits + letters >= 8


def _search_texts(cells: pd.Series, identifiers: TableIdentifiers, *, released: bool) -> list[Finding]:
    reasons = pd.Series(pd.NA, index=cells.index, dtype="object")
    held = {name: _held_keys(cells, keys) for name, keys in identifiers.keys.items()}
    for name, keys in identifiers.keys.items():
        rows = zip(cells, keys.reindex(cells.index), strict=True)
        own = [bool(held[name][cell]) and _plain_key(key) in held[name][cell] for cell, key in rows]
        reasons = reasons.mask(pd.Series(own, index=cells.index) & reasons.isna(), f"the {name} of its row")
    if identifiers.dates is not None:
        rows = identifiers.dates.reindex(cells.index)
        own = [holds_known_date(cell, dates) for cell, dates in zip(cells, rows, strict=True)]
        reasons = reasons.mask(pd.Series(own, index=cells.index) & reasons.isna(), "an exact date")
    if not released:
        for name in identifiers.keys:
            anyone = pd.Series([bool(held[name][cell]) for cell in cells], index=cells.index)
            reasons = reasons.mask(anyone & reasons.isna(), f"a {name} of the table")
        generic = {cell: _text_reason(cell) for cell in cells.unique()}
        reasons = reasons.fillna(cells.map(generic))
    return _by_reason(reasons)


def _by_reason(reasons: pd.Series) -> list[Finding]:
    reasons = reasons.dropna()
    return [
        Finding(rows=rows.index, allowed=f"a text without {reason}, since it leaves restricted/")
        for reason, rows in reasons.groupby(reasons, sort=False)
    ]


def _held_keys(cells: pd.Series, keys: pd.Series) -> dict[str, set[str]]:
    """Each different cell to the keys of the table that it holds, as :func:`_plain_key` writes them.

    A key is held as a word, or with other separators, letters or zeros around it.
    """
    known = {_plain_key(key) for key in keys.dropna().unique()}
    known = {key for key in known if len(key) >= MIN_KEY}
    spaced = {_plain_key(key) for key in keys.dropna().unique() if len(key.split()) > 1} & known
    held = {}
    for cell in cells.unique():
        held[cell] = known & _tokens(cell)
        if spaced:
            held[cell] |= {key for key in spaced if key in _plain_key(cell)}
    return held


def _plain_key(text: str) -> str:
    """Letters and digits of a key, in lower case, without zeros before them; "" for a missing one."""
    return "" if pd.isna(text) else "".join(_WORD.findall(prepare(text))).lstrip("0")


def _tokens(cell: str) -> set[str]:
    """What in a cell may be a key: words, words with separators in between, and their runs of digits."""
    plain = prepare(cell)
    found = set(_TOKEN.findall(plain)) | set(_WORD.findall(plain)) | set(re.findall(r"\d+", plain))
    return {_plain_key(token) for token in found} | {_plain_key(plain)}


def _search_numbers(numbers: pd.Series, identifiers: TableIdentifiers) -> list[Finding]:
    found = []
    for name, keys in identifiers.keys.items():
        rows = zip(numbers, keys.reindex(numbers.index), strict=True)
        same = pd.Series([number in _key_numbers(key) for number, key in rows], index=numbers.index)
        long = same & (numbers.abs() >= 10 ** (MIN_KEY - 1))
        if long.any() or (same.sum() >= FEW_TEXTS and same.mean() > NEARLY_HALF):
            rows = numbers.index[long if long.any() else same]
            found.append(_column_finding(rows, f"the {name} of its row"))
        elif _are_keys(numbers, keys):
            found.append(_column_finding(numbers.index, f"a {name} of the table"))
    if identifiers.dates is not None:
        rows = identifiers.dates.reindex(numbers.index)
        own = _own_dates(numbers, rows)
        if len(own):
            found.append(_column_finding(own, "the date of its row (a count of days, too)"))
        elif part := repeated_date_part(numbers, rows.dropna()):
            found.append(_column_finding(numbers.index, f"a part of the date of its row ({part})"))
    return found or _search_values(numbers)


def _key_numbers(key: str) -> set[float]:
    """What a key is as a number: its digits, and those behind its letters (7091 of MRN7091) but for years."""
    if pd.isna(key):
        return set()
    runs = re.findall(r"\d+", prepare(key))
    numbers = {"".join(runs), *(run for run in runs if not _YEAR.fullmatch(run))}
    return {float(digits) for digits in numbers if digits}


def _own_dates(numbers: pd.Series, dates: pd.Series) -> pd.Index:
    """Rows whose number is a date of the row, if they are more than by chance.

    Of some thousand numbers between 10,000 and 40,000 a few are the count of days of their row's date. How
    many follows from the dates of other rows.
    """
    long = numbers[numbers.abs() >= 1000]
    own, others = list(dates.reindex(long.index)), list(dates.dropna())
    hits = [is_known_date(number, mine) for number, mine in zip(long, own, strict=True)]
    if not any(hits) or not others:
        return long.index[:0]
    chance = 0
    for shift in range(1, SHIFTS + 1):
        for place, (number, mine) in enumerate(zip(long, own, strict=True)):
            other = set(others[(place + shift * len(others) // (SHIFTS + 1) + 1) % len(others)]) - set(mine)
            chance += is_known_date(number, tuple(other))
    expected = chance / SHIFTS
    return long.index[hits] if sum(hits) > expected + 4 * expected**0.5 else long.index[:0]


def _are_keys(numbers: pd.Series, keys: pd.Series) -> bool:
    """Whether most numbers, of four digits or more, are keys of some row."""
    known = _as_numbers(keys).dropna()
    long = numbers[numbers.abs() >= 1000]
    return len(long) >= FEW_TEXTS and long.isin(known).mean() > NEARLY_HALF and long.nunique() >= FEW_TEXTS


def _search_values(numbers: pd.Series) -> list[Finding]:
    """Numbers that look like identifiers rather than measurements."""
    long = numbers.abs() >= 10 ** (MIN_DIGITS - 1)
    if long.any():
        return [_column_finding(numbers.index[long], f"a number of {MIN_DIGITS} or more digits")]
    several = numbers.nunique() >= FEW_TEXTS
    if several and numbers.between(*SERIAL_DAYS).all():
        return [_column_finding(numbers.index, "dates counted in days, or keys or post codes")]
    whole = bool((numbers % 1 == 0).all())
    unique = numbers.nunique() == len(numbers)
    if whole and unique and len(numbers) >= MIN_NUMBERED and numbers.max() - numbers.min() < 2 * len(numbers):
        return [_column_finding(numbers.index, "a numbering of the studies")]
    return []


def _column_finding(rows: pd.Index, reason: str) -> Finding:
    return Finding(rows=rows, allowed=f"a measurement and not {reason}, since it leaves restricted/")


def _search_levels(cells: pd.Series, numbers: pd.Series, identifiers: TableIdentifiers) -> list[Finding]:
    """Texts that are no categories: too many of them, or nearly one a study."""
    texts = cells.map({cell: " ".join(prepare(cell).split()) for cell in cells.unique()})
    odd = numbers.isna() if numbers.notna().mean() > NEARLY_HALF else pd.Series(True, index=cells.index)
    n_levels = texts.nunique()
    if n_levels > MAX_LEVELS:
        advice = "numbers alone" if not odd.all() else f"at most {MAX_LEVELS} categories, or numbers alone"
        return [Finding(rows=cells.index[odd], allowed=f"{advice}; these are {n_levels} different texts")]
    free = texts[~texts.map({text: is_category(text) for text in texts.unique()}).astype(bool)]
    levels = free.nunique()
    units = len(free)
    if identifiers.units is not None:
        units = min(units, identifiers.units.reindex(free.index).nunique())
    nearly = NEARLY_HALF if levels >= SEVERAL_TEXTS else NEARLY_ALL
    if levels >= FEW_TEXTS and levels >= nearly * units:
        allowed = f"a category that studies share; these {units} patients or studies have {levels} texts"
        return [Finding(rows=free.index, allowed=allowed)]
    return []
