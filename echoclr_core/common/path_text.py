"""Paths of an archive as text that a table can hold, no two of them alike."""

import os
from collections.abc import Iterable


def path_texts(names: Iterable[str]) -> list[tuple[str, bool]]:
    """(text, valid) of each path, as Python's file functions give them; no two texts are equal.

    A path that is valid UTF-8 stands for itself. In any other the bytes that are no UTF-8 are written as
    ``\\xNN``. Where that is the text of another path, backslashes are doubled and "./" is put in front, as no
    path relative to a folder has it.

    Parameters
    ----------
    names
        Different paths relative to one folder; bytes that are no UTF-8 stand in them as lone surrogates.
    """
    names = list(names)
    taken = {name for name in names if _is_valid(name)}
    found = []
    for name in names:
        if _is_valid(name):
            found.append((name, True))
            continue
        text = _escaped(name)
        if text in taken:
            text = "./" + _escaped(name.replace("\\", "\\\\"))
        taken.add(text)
        found.append((text, False))
    return found


def _is_valid(name: str) -> bool:
    return _escaped(name) == name


def _escaped(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
