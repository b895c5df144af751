"""The pseudonyms of the study."""

from pathlib import Path

from echoclr_core.deidentify.key import load_key
from echoclr_core.deidentify.pseudonyms import Pseudonyms


def study_pseudonyms(config: dict) -> Pseudonyms:
    """Pseudonyms under the key of ``input.pseudonym_key_file``, or of the environment without that file."""
    file = config["input"]["pseudonym_key_file"]
    return Pseudonyms(load_key(file if file and Path(file).exists() else None))
