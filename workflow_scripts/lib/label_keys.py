"""Whether the label table belongs to the archive, asked as soon as the catalogue is there."""

from pathlib import Path

import pandas as pd

from echoclr_core.cohort.key_match import KeyMatch, match_keys, require_match
from echoclr_core.common.text_table import read_text_table


def label_match(inputs: dict, catalogue: pd.DataFrame) -> KeyMatch | None:
    """How ``input.labels`` matches a catalogue; None where it is absent or cannot be read.

    Parameters
    ----------
    inputs
        Section ``input`` of the configuration.
    catalogue
        Column study_key, and the other keys of a catalogue where they are there.
    """
    path, column = inputs["labels"], inputs["columns"]["study_key"]
    if not path or not Path(path).is_file():
        return None
    try:
        table = read_text_table(path).cells
    except ValueError:
        return None
    return match_keys(table[column], catalogue) if column in table else None


def require_labels_in(inputs: dict, catalogue: pd.DataFrame) -> None:
    """Raise UnmatchedLabelsError where labels and archive have studies and none in common."""
    match = label_match(inputs, catalogue)
    if match is not None:
        require_match(match)
