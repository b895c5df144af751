"""Label rules that need code: a file in ``echoclr_core/tasks/rules/``, one function under ``@register``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_RULES: dict[str, RegisteredRule] = {}


@dataclass(frozen=True, kw_only=True)
class RegisteredRule:
    """A function that labels studies, and the columns of the label table that it reads."""

    label: Callable[[pd.DataFrame], pd.Series]
    columns: tuple[str, ...]


def register(name: str, *, columns: Sequence[str]) -> Callable:
    """Decorator: make a function the label rule ``name``.

    The function takes one row a study (DataFrame with ``columns``, numbers as Float64, texts as string) and
    returns a boolean Series, missing where the label cannot be determined.
    """

    def add(function: Callable[[pd.DataFrame], pd.Series]) -> Callable:
        _RULES[name] = RegisteredRule(label=function, columns=tuple(columns))
        return function

    return add


def registered_rule(name: str) -> RegisteredRule:
    """The rule of this name.

    Raises
    ------
    ValueError
        If no file registers it; the message lists those that are.
    """
    names = rule_names()
    if name not in _RULES:
        raise ValueError(f"rule: {name!r} is not registered; there are {names}")
    return _RULES[name]


def rule_names() -> list[str]:
    """All registered rules, sorted."""
    package = importlib.import_module("echoclr_core.tasks.rules")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return sorted(_RULES)
