"""The pretraining methods by the files that define them, read without loading torch.

A method is one file in ``echoclr_core/pretrain/methods/``, called as the file, that assigns
``METHOD = PretrainMethod(...)``. Its title and the defaults of its own options stand there as plain values.
"""

import ast
import math
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "pretrain" / "methods"
PUBLISHED = ("simclr", "mi_simclr", "echoclr")
"""The methods of the paper, in its order."""


def method_names() -> tuple[str, ...]:
    """Every method: those that were added, by name, then those of the paper in its order."""
    found = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    return (*(name for name in found if name not in PUBLISHED), *PUBLISHED)


def method_title(name: str) -> str:
    """What figures and the report call a method.

    Raises
    ------
    ValueError
        If its file has no METHOD with a title written as plain text.
    """
    title = _plain_fields(name).get("title")
    if not isinstance(title, str) or not title:
        raise ValueError(
            f"echoclr_core/pretrain/methods/{name}.py: METHOD has no title; allowed is "
            'METHOD = PretrainMethod(title="...", ...)'
        )
    return title


def method_options(name: str) -> dict[str, float]:
    """The options of a method's own, name to default."""
    return dict(_plain_fields(name).get("options", {}))


def method_problems(chosen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with ``pretrain.method_options``, a line each."""
    found = []
    for name, values in chosen.items():
        where = f"pretrain.method_options.{name}"
        if name not in method_names():
            found.append(f"{where}: there is no such method; {_allowed(name, method_names())}")
            continue
        defaults = method_options(name)
        for key, value in values.items():
            if key not in defaults:
                found.append(f"{where}.{key}: {name} has no such option; {_allowed(key, tuple(defaults))}")
            elif not math.isfinite(value) or value < 0:
                found.append(f"{where}.{key}: {value}; allowed is a number of at least 0")
    return found


def unknown_method(name: str, where: str) -> str:
    """The message for a name that is no method; "" for one that is."""
    if name in method_names():
        return ""
    return f"{where}: {name!r} is no pretraining method; {_allowed(name, method_names())}"


def _allowed(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"allowed are {', '.join(known) or 'none'}{hint}"


def _plain_fields(name: str) -> dict[str, Any]:
    """The keyword arguments of ``METHOD = PretrainMethod(...)`` that are plain values."""
    path = FOLDER / f"{name}.py"
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "METHOD":
            keywords = getattr(node.value, "keywords", ())
            return {word.arg: value for word in keywords if (value := _literal(word.value)) is not None}
    raise ValueError(f"echoclr_core/pretrain/methods/{name}.py: METHOD is not assigned there")


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
