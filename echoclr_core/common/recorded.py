"""The settings recorded with the results: what the report prints, whatever the configuration says now."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from echoclr_core.common.tables import recorded_settings

RECORD = "configuration"  # entry of JSON results that holds key path -> value


def record_of(path: str | Path) -> dict[str, Any]:
    """What a result was made with, key path to value: of a Parquet table, or of a JSON file."""
    path = Path(path)
    if path.suffix == ".parquet":
        return json.loads(recorded_settings(path) or "{}")
    return json.loads(path.read_text(encoding="utf-8")).get(RECORD, {})


def joined(paths: Iterable[str | Path]) -> dict[str, Any]:
    """Settings of several results, single keys by their dotted path.

    Raises
    ------
    ValueError
        Two results were made with different values of a key; the message names the key and both results.
    """
    found: dict[str, tuple[Any, Path]] = {}
    for path in map(Path, paths):
        for key, value in flat(record_of(path)):
            before, first = found.setdefault(key, (value, path))
            if before != value:
                raise ValueError(
                    f"{key}: {first.name} was made with {before!r}, {path.name} with {value!r}; the results "
                    "of one study need the same settings: run it with the configuration that is wanted"
                )
    return {key: value for key, (value, _) in found.items()}


def flat(values: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    """(dotted path, value) of every single key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse of :func:`flat`."""
    top: dict[str, Any] = {}
    for path, value in sorted(values.items()):
        *above, name = path.split(".")
        place = top
        for part in above:
            place = place.setdefault(part, {})
        place[name] = value
    return top
