"""The header of a view classifier's file: what it must hold, each wrong entry named."""

import json
from typing import Any

from echoclr_core.views.classifier import check_classes
from echoclr_core.views.networks import NETWORKS

FORMAT = "echoclr view classifier 1"
FIELDS = ("architecture", "classes", "format", "kind", "plax", "training_digest")
MAX_LENGTH = 1_000_000  # characters; a header of a hundred classes has some thousand


def parse_header(text: str, name: str) -> dict[str, Any]:
    """The header from its JSON text; ``name`` is the file's, for the messages.

    Returns
    -------
    architecture (name to whole number), classes (texts), format, kind, plax, training_digest (texts).

    Raises
    ------
    ValueError
        If it is no such object; the message names the file and the entry.
    """
    header = _json_object(text, name)
    if sorted(header) != sorted(FIELDS) or header["format"] != FORMAT:
        raise ValueError(
            f"{name}: header {sorted(header)}, format {header.get('format')!r}; allowed is {FORMAT!r}"
        )
    for field in ("kind", "plax", "training_digest"):
        if not isinstance(header[field], str):
            raise ValueError(f"{name}: {field} of the header is {_kind(header[field])}; allowed is a text")
    if header["kind"] not in NETWORKS:
        raise ValueError(f"{name}: kind {header['kind']!r}; allowed is one of {list(NETWORKS)}")
    _check_architecture(header["architecture"], name)
    classes = header["classes"]
    if not isinstance(classes, list) or not all(isinstance(view, str) for view in classes):
        raise ValueError(f"{name}: classes of the header are {_kind(classes)}; allowed is a list of texts")
    try:
        check_classes(classes, header["plax"])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return header


def _json_object(text: str, name: str) -> dict[str, Any]:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{name}: a header of {len(text)} characters; allowed are {MAX_LENGTH}")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: the header is no JSON text: {error}") from error
    if not isinstance(header, dict):
        raise ValueError(f"{name}: the header is {_kind(header)}; allowed is an object with {list(FIELDS)}")
    return header


def _check_architecture(architecture: Any, name: str) -> None:
    whole = isinstance(architecture, dict) and all(
        type(value) is int and value > 0 for value in architecture.values()
    )
    if not whole:
        raise ValueError(
            f"{name}: architecture of the header: {str(architecture)[:80]}; allowed are names with whole "
            "numbers above 0"
        )


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null", bool: "a truth value"}
    return names.get(type(value), "a number")
