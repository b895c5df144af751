"""The file of decisions: one row a video, read strictly."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echoclr_core.common.digest import digest
from echoclr_core.common.text_table import read_text_table
from echoclr_core.deidentify.identifiers.pseudonyms import shard_of
from echoclr_core.deidentify.review.drawn_shape import SHAPES, parse_geometry, shape_mask
from echoclr_core.dicom.pixel_format import MAX_PIXELS

WORDS = ("accept", "reject", "correct")
COLUMNS = (
    *("video_id", "study_id", "decision", "shape", "geometry"),
    *("width", "height", "content", "mask"),
)
NEEDED = ("video_id", "study_id", "decision", "width", "height", "content")
PATTERNS = {
    "video_id": (re.compile(r"v_[a-z2-7]{16}(-\d+)?"), "a video's pseudonym, v_ and 16 letters"),
    "study_id": (re.compile(r"s_[a-z2-7]{16}"), "a study's pseudonym, s_ and 16 letters"),
    "decision": (re.compile("|".join(WORDS)), f"one of {', '.join(WORDS)}"),
    "shape": (re.compile("|".join(SHAPES)), f"one of {', '.join(SHAPES)}, or nothing"),
    "width": (re.compile(r"[1-9]\d{0,4}", re.ASCII), "pixels, 1 to 99999"),
    "height": (re.compile(r"[1-9]\d{0,4}", re.ASCII), "pixels, 1 to 99999"),
    "content": (re.compile(r"[0-9a-f]{64}"), "a SHA-256 of 64 hex digits"),
    "mask": (re.compile(r"[0-9a-f]{64}"), "a SHA-256 of 64 hex digits, or nothing"),
}
PROBLEMS_SHOWN = 20


class DecisionError(ValueError):
    """The file of decisions cannot be used; the message names file, row, column and what is allowed."""

    holds_no_identifier = True  # cells that could be anything are never quoted: it may be shown anywhere


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about one video.

    Parameters
    ----------
    video_id, study_id
        Pseudonyms.
    decision
        "accept", "reject" or "correct".
    shape, geometry
        The drawn shape of "correct", see :func:`~echoclr_core.deidentify.review.drawn_shape.parse_geometry`;
        "" otherwise.
    width, height
        Of the picture on which the person decided, px.
    content
        SHA-256 of the source file that was shown.
    mask
        :func:`mask_digest` of the fitted sector that was shown; "" where none was fitted.
    """

    video_id: str
    study_id: str
    decision: str
    shape: str
    geometry: str
    width: int
    height: int
    content: str
    mask: str

    def drawn_mask(self) -> NDArray[np.bool_]:
        """(height, width) bool, the drawn shape of "correct"."""
        numbers = parse_geometry(self.shape, self.geometry, self.width, self.height)
        return shape_mask(self.shape, numbers, self.width, self.height)


def read_decisions(path: str | Path) -> dict[str, Decision]:
    """Video to its decision.

    Raises
    ------
    DecisionError
        All problems of the file, a line each: missing or unknown columns, a word or number that is not
        allowed, a shape that is none, a video that stands there twice.
    """
    name = Path(path).name
    if not Path(path).is_file():
        raise DecisionError(f"{name}: there is no such file; allowed is the file that a review page saves")
    try:
        cells = read_text_table(path).cells
    except ValueError as error:
        raise DecisionError(str(error)) from None
    if wrong := sorted(set(COLUMNS) ^ set(cells.columns)):
        lacking = [column for column in wrong if column in COLUMNS]
        unknown = len(wrong) - len(lacking)
        raise DecisionError(
            f"{name}: row 1: {f'the columns {lacking} are missing; ' if lacking else ''}"
            f"{f'{unknown} unknown columns; ' if unknown else ''}allowed are {', '.join(COLUMNS)}"
        )
    found: dict[str, Decision] = {}
    problems: list[str] = []
    rows: dict[str, int] = {}
    for number, cell in zip(cells.index, cells[list(COLUMNS)].fillna("").to_dict("records"), strict=True):
        wrong = [f"{name}: row {number}: {line}" for line in _row_problems(cell)]
        if not wrong and (first := rows.setdefault(cell["video_id"], number)) != number:
            wrong = [
                f"{name}: row {number}: column video_id: {cell['video_id']} stands in row {first} already"
            ]
        problems += wrong
        if not wrong:
            size = {side: int(cell[side]) for side in ("width", "height")}
            found[cell["video_id"]] = Decision(**cell | size)
    if problems:
        more = len(problems) - PROBLEMS_SHOWN
        raise DecisionError(
            "\n".join(problems[:PROBLEMS_SHOWN] + ([f"... and {more} more problems"] if more > 0 else []))
        )
    return found


def _row_problems(cell: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one row; geometry is looked at where the rest is right."""
    wrong = [
        f"column {column}: {_shown(column, cell[column])}; allowed is {words}"
        for column, (pattern, words) in PATTERNS.items()
        if (cell[column] or column in NEEDED) and not pattern.fullmatch(cell[column])
    ]
    yield from wrong
    if wrong:
        return
    if int(cell["width"]) * int(cell["height"]) > MAX_PIXELS:
        yield f"columns width and height: allowed are {MAX_PIXELS} pixels in all, as in files that are read"
        return
    if cell["decision"] == "correct":
        try:
            parse_geometry(cell["shape"], cell["geometry"], int(cell["width"]), int(cell["height"]))
        except ValueError as error:
            yield f"column geometry: {error}"
    elif cell["shape"] or cell["geometry"]:
        yield "columns shape and geometry: they belong to the decision correct; leave them empty"
    if cell["decision"] == "accept" and not cell["mask"]:
        yield "column mask: empty; a video without a fitted sector cannot be accepted, but corrected"


def _shown(column: str, value: str) -> str:
    """A cell for a message: an allowed word in capitals is quoted; anything else may be a name or number."""
    if not value:
        return "empty"
    if value.casefold() in {"decision": WORDS, "shape": SHAPES}.get(column, ()):
        return repr(value)
    return f"a text of {len(value)} characters"


def by_shard(decisions: Mapping[str, Decision], shards: int) -> dict[int, dict[str, Decision]]:
    """Shard to the decisions about its videos; a video lies in the shard of its study."""
    found: dict[int, dict[str, Decision]] = {}
    for video_id, decision in decisions.items():
        found.setdefault(shard_of(decision.study_id, shards), {})[video_id] = decision
    return found


def refuse_unknown_videos(decisions: Mapping[str, Decision], rows: pd.DataFrame) -> None:
    """Raise DecisionError where a decision is about no video of a shard's catalogue, or names another study.

    Parameters
    ----------
    decisions
        Those of the shard.
    rows
        RESTRICTED_CATALOGUE of the shard.
    """
    studies = dict(zip(rows["video_id"], rows["study_id"], strict=True))
    for video_id, decision in decisions.items():
        if video_id not in studies:
            raise DecisionError(
                f"deidentify.decisions: column video_id: no file of the archive is {video_id}: the archive, "
                "the pseudonym key or the study key is another than on the page; remove the row"
            )
        if studies[video_id] != decision.study_id:
            raise DecisionError(
                f"deidentify.decisions: column study_id: {video_id} belongs to another study than "
                f"{decision.study_id}"
            )


def decisions_digest(decisions: Mapping[str, Decision]) -> str:
    """SHA-256 of decisions, whatever their order; "" for none."""
    return digest({name: asdict(one) for name, one in decisions.items()}) if decisions else ""


def mask_digest(mask: NDArray[np.bool_]) -> str:
    """SHA-256 of a mask (H, W) bool, its size included."""
    return digest([*mask.shape, np.packbits(mask).tobytes().hex()])


def decision_row(decision: Decision) -> dict[str, Any]:
    """A decision as a row of the file, column to text."""
    return {name: str(value) for name, value in asdict(decision).items()}
