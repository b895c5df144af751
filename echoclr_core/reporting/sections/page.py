"""What every section of the report is made from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.caption_templates import Captions


@dataclass(frozen=True, kw_only=True)
class Page:
    """The report's inputs.

    Parameters
    ----------
    files
        The rule's named inputs: name to path or list of paths.
    config
        The configuration without paths.
    captions
        See :class:`~echoclr_core.reporting.caption_templates.Captions`.
    tasks, inits, methods
        The grid.
    """

    files: dict
    config: dict
    captions: Captions
    tasks: Sequence[str]
    inits: Sequence[str]
    methods: Sequence[str]

    def table(self, name: str) -> pd.DataFrame:
        """One of the inputs as a frame."""
        path = self.files[name]
        return (
            pd.read_csv(path, dtype=str, keep_default_na=False)
            if path.endswith(".csv")
            else pd.read_parquet(path)
        )


def read_json(path: str) -> dict:
    """A JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def decimal(value: float | None, digits: int = 3) -> str:
    """A number as the report prints it; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"
