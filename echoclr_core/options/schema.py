"""The JSON Schema of the configuration, in the form that messages and docs are made from."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from echoclr_core.options.configuration import Configuration

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def configuration_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the whole configuration, with every default.

    Keywords besides the standard's: x-unit, x-changes, x-source, x-required and x-renamed as declared (see
    :mod:`echoclr_core.options.base`); x-free where a mapping's keys are free names.
    """
    made = TypeAdapter(Configuration).json_schema(schema_generator=_Unsorted)
    return {"$schema": DRAFT, "title": "EchoCLR study", **_plain(made, made["$defs"])}


class _Unsorted(GenerateJsonSchema):
    """Keeps defaults that are mappings in the order in which they are written."""

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        return value


def _plain(part: Any, definitions: dict[str, Any]) -> Any:
    """``part`` with definitions in place, alternatives of simple types joined, and no generated titles."""
    if isinstance(part, list):
        return [_plain(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = definitions[part["$ref"].rpartition("/")[2]] | {k: v for k, v in part.items() if k != "$ref"}
    skipped = ("$defs", "title") if isinstance(part.get("title"), str) else ("$defs",)
    kept = {name: value for name, value in part.items() if name not in skipped}
    plain = {name: value if name == "default" else _plain(value, definitions) for name, value in kept.items()}
    if "anyOf" in plain:
        plain = _joined(plain.pop("anyOf")) | plain
    if "enum" in plain:
        plain.pop("type", None)
    if "patternProperties" in plain:
        plain |= _free_names(plain.pop("patternProperties"))
    if isinstance(plain.get("description"), str):
        plain["description"] = " ".join(plain["description"].split())
    return plain


def _free_names(patterns: dict[str, dict]) -> dict[str, Any]:
    """A mapping with free names of one pattern, as propertyNames: a message then quotes the wrong name."""
    ((pattern, value),) = patterns.items()
    return {"x-free": True, "propertyNames": {"pattern": pattern}, "additionalProperties": value}


def _joined(parts: list[dict]) -> dict:
    """Alternatives of different types as one; bounds hold for their own type alone. Objects stay apart."""
    simple = [part for part in parts if part.get("type") != "object"]
    joined: dict[str, Any] = {}
    for part in simple:
        joined |= part
    joined["type"] = [part["type"] for part in simple]
    objects = [part for part in parts if part.get("type") == "object"]
    return {"anyOf": [joined, *objects]} if objects else joined
