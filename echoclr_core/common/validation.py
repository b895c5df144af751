"""All problems of a nested value against a JSON Schema, in words a user can act on."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

# What YAML 1.1 leaves as text though it looks like a number: an exponent without a dot, "1e-4".
TEXT_NUMBER = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")


def problems(schema: dict, value: Any) -> list[str]:
    """Every way in which ``value`` breaks ``schema``, one line each, in the order of the key paths.

    Parameters
    ----------
    schema
        JSON Schema (draft 2020-12) as a dict.
    value
        What was read from YAML or JSON.

    Returns
    -------
    list of str
        "key.path: what it holds; what is allowed". Empty when there is no problem.
    """
    found = {line for error in Draft202012Validator(schema).iter_errors(value) for line in _lines(error)}
    return sorted(found)


def fill_defaults(schema: dict, value: dict) -> dict:
    """A copy of ``value`` in which every key that is missing has the schema's default, at any depth."""
    filled = dict(value)
    for name, part in schema.get("properties", {}).items():
        if part.get("x-free"):
            filled.setdefault(name, part["default"])
        elif part.get("type") == "object":
            filled[name] = fill_defaults(part, filled.get(name) or {})
        elif name not in filled and "default" in part:
            filled[name] = part["default"]
    return filled


def _lines(error) -> Iterator[str]:
    path = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                if new := error.schema.get("x-renamed", {}).get(key):
                    yield f"{_join(path, key)}: unknown key; it is called {_join(path, new)} now"
                    continue
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"known keys here: {', '.join(known)}"
                yield f"{_join(path, key)}: unknown key; {hint}"
    else:
        yield f"{path or '(top level)'}: {_short(error.instance)} is not allowed; {_allowed(error)}"


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _allowed(error) -> str:
    rule, limit, schema = error.validator, error.validator_value, error.schema
    if rule == "type":
        types = limit if isinstance(limit, list) else [limit]
        words = "allowed is " + " or ".join(types)
        numeric = {"number", "integer"} & set(types)
        if numeric and isinstance(error.instance, str) and TEXT_NUMBER.match(error.instance):
            value = float(error.instance)
            words += (
                f". YAML reads {error.instance} as text, since its number has no dot:"
                f" write {value!r} or {_with_dot(error.instance)}"
            )
        elif numeric and isinstance(error.instance, str):
            words += ". It is text: was it quoted, or given by --config inside braces?"
        return words
    if rule == "enum":
        near = difflib.get_close_matches(str(error.instance), [str(item) for item in limit], n=1)
        return f"allowed is one of {', '.join(map(str, limit))}" + (
            f" (did you mean {near[0]}?)" if near else ""
        )
    if rule == "anyOf":
        return "allowed is " + ", or ".join(_kind(part) for part in limit)
    words = {
        "minimum": f"allowed is {limit} or more",
        "maximum": f"allowed is {limit} or less",
        "exclusiveMinimum": f"allowed is more than {limit}",
        "exclusiveMaximum": f"allowed is less than {limit}",
        "multipleOf": f"allowed is a multiple of {limit}",
        "minItems": f"allowed is a list of {limit} or more",
        "maxItems": f"allowed is a list of at most {limit}",
        "uniqueItems": "each item may stand there once",
        "minLength": "it must not be empty",
        "pattern": f"allowed is text that matches {limit}",
    }
    return words.get(rule, error.message) + (f" ({schema['x-unit']})" if "x-unit" in schema else "")


def _kind(part: dict) -> str:
    types = part["type"] if isinstance(part["type"], list) else [part["type"]]
    keys = f" with {', '.join(part['required'])}" if "required" in part else ""
    return " or ".join(types) + keys


def _with_dot(text: str) -> str:
    mantissa, exponent = re.split("[eE]", text)
    return f"{mantissa}e{exponent}" if "." in mantissa else f"{mantissa}.0e{exponent}"
