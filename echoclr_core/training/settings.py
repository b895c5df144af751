"""Settings from plain values (a configuration or a JSON file), checked field by field."""

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

Settings = TypeVar("Settings")


def settings_from(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Build the settings class ``kind`` from a mapping; nested settings from nested mappings, tuples from
    lists.

    Raises
    ------
    ValueError
        Naming the keys that ``kind`` does not have and those it does.
    """
    fields = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(values) - fields)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {unknown}; allowed are {sorted(fields)}")
    types = typing.get_type_hints(kind)
    filled = {}
    for name, value in values.items():
        if dataclasses.is_dataclass(types[name]) and isinstance(value, Mapping):
            value = settings_from(types[name], value)
        filled[name] = tuple(value) if isinstance(value, list) else value
    return kind(**filled)


def require(condition: bool, field: str, value: Any, allowed: str) -> None:
    """Raise ValueError naming the field, what was received and what is allowed, unless ``condition``."""
    if not condition:
        raise ValueError(f"{field} must be {allowed}; received {value!r}")
