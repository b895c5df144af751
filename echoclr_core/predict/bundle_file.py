"""``bundle.json``: what a bundle holds, checked by its schema when it is written and when it is read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import write_json
from echoclr_core.common.validation import problems

DESCRIPTION = "bundle.json"
CARD = "README.md"
FORMAT = "echoclr bundle 1"
EMBEDDING = "training_embedding.safetensors"

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_COUNT = {"type": "integer", "minimum": 0}
_PLAIN = {"type": "object"}
_RANGE = {"type": ["array", "null"], "items": _NUMBER, "minItems": 2, "maxItems": 2}
_FILE = {"type": "string", "pattern": r"^[A-Za-z0-9_.-]+$"}


def _object(*, optional: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


SCHEMA = _object(
    optional=("clip", "onnx"),
    format={"enum": [FORMAT]},
    task=_object(name=_TEXT, title=_TEXT, label_rule=_PLAIN),
    initialisation=_TEXT,
    ratio={"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    models={"type": "array", "minItems": 1, "items": _object(file=_FILE, draw=_TEXT)},
    encoder=_PLAIN,
    scoring=_object(
        clip_length={"type": "integer", "minimum": 1},
        frame_stride={"type": "integer", "minimum": 1},
        clips_per_video={"type": "integer", "minimum": 1},
        batch_size={"type": "integer", "minimum": 1},
        frame_size={"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2},
        input_size={"type": "integer", "minimum": 1},
        frame_rate={"type": ["number", "null"]},
        normalisation=_TEXT,
        precision={"enum": ["auto", "fp32", "bf16"]},
    ),
    deidentify=_PLAIN,
    views=_object(
        classifier={"enum": ["zhang", "compact", "onnx", "provided"]},
        kept=_TEXT,
        file={"anyOf": [_FILE, {"type": "null"}]},
        classes={"type": "array", "items": _TEXT},
        frames={"type": "integer", "minimum": 1},
        seed=_COUNT,
        onnx=_PLAIN,
    ),
    mask=_PLAIN,
    clip=_object(
        frame_rate={"type": ["number", "null"]},
        missing_frame_rate={"enum": ["every_frame", "exclude"]},
    ),
    onnx=_object(
        files={"type": "array", "items": _FILE, "minItems": 1},
        opset={"type": "integer", "minimum": 1},
        largest_difference={"type": "number", "minimum": 0},
    ),
    thresholds={
        "type": "array",
        "items": _object(
            criterion={"enum": ["specificity", "sensitivity"]},
            rate=_NUMBER,
            threshold={"type": ["number", "null"]},
        ),
    },
    validation=_object(
        n_studies=_COUNT,
        calibration_curve={
            "type": "array",
            "items": _object(mean_probability=_NUMBER, observed=_NUMBER, ci_low=_NUMBER, ci_high=_NUMBER),
        },
    ),
    training=_object(
        n_studies=_COUNT,
        n_videos=_COUNT,
        fps=_RANGE,
        height=_RANGE,
        width=_RANGE,
        kept_fraction=_RANGE,
        hull_fraction=_RANGE,
        manufacturers={"type": "array", "items": _TEXT},
        embedding_limit={"type": ["number", "null"]},
    ),
    digests=_PLAIN,
    versions=_PLAIN,
    files={"type": "object", "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
)
"""JSON Schema of ``bundle.json``. Without ``clip`` (a bundle of an earlier version) every frame of a video
counts; ``onnx`` is there where ONNX files are; ``threshold`` null calls nobody positive; ``files`` holds the
SHA-256 of every other file but the model card."""


def check_description(values: Any, source: str) -> dict[str, Any]:
    """``values`` where they keep the schema.

    Raises
    ------
    ValueError
        Naming ``source`` and every problem.
    """
    if found := problems(SCHEMA, values):
        raise ValueError(f"{source}: {len(found)} problem(s): " + "; ".join(found))
    return values


def read_description(folder: str | Path) -> dict[str, Any]:
    """The checked ``bundle.json`` of a bundle's folder.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is no JSON, or of another form.
    """
    path = Path(folder) / DESCRIPTION
    if not path.is_file():
        raise FileNotFoundError(f"{Path(folder).name or folder}: no {DESCRIPTION} there, so it is no bundle")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{Path(folder).name}/{DESCRIPTION}: not readable as JSON: {error}") from error
    return check_description(values, f"{Path(folder).name}/{DESCRIPTION}")


def check_files(folder: str | Path, description: Mapping[str, Any]) -> None:
    """Raise ValueError unless every file of a bundle is there and has the digest of ``bundle.json``."""
    wrong = [
        name
        for name, sha256 in description["files"].items()
        if not (Path(folder) / name).is_file() or file_digest(Path(folder) / name) != sha256
    ]
    if wrong:
        raise ValueError(
            f"{Path(folder).name}: {', '.join(wrong)} is missing or differs from its digest; "
            "copy the bundle again, whole"
        )


def write_description(folder: str | Path, values: Mapping[str, Any], files: list[str]) -> None:
    """Write ``bundle.json`` with the digests of ``files``, names within the folder."""
    folder = Path(folder)
    values = {**values, "files": {name: file_digest(folder / name) for name in sorted(files)}}
    write_json(folder / DESCRIPTION, check_description(values, DESCRIPTION))
