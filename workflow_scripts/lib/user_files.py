"""What the user's own files hold, as parameters of the rules that read them.

A file of the user is no `input` of a rule: Snakemake would compare its time and its path, so that a copied
or moved file would start everything again, and a folder counts by its own time, so that a file in a
sub-folder would go unnoticed. A digest of what the file holds is a parameter instead. No path gets into
Snakemake's metadata.
"""

import hashlib
import hmac
import os
from functools import cached_property
from pathlib import Path

from echoclr_core.common.folder_digest import folder_digest

KEY_VARIABLE = "ECHOCLR_PSEUDONYM_KEY"
SHORT = 32


class UserFiles:
    """Digests of the user's files: "" for a file that is not there, and for a file that a rule makes.

    Parameters
    ----------
    config
        The resolved configuration.
    active
        False where no plan is made (in the processes of single jobs, for linting): nothing is read.
    made_here
        Whether a rule writes archive, labels, labelled views and key (the synthetic cohort).
    """

    def __init__(self, config: dict, *, active: bool, made_here: bool):
        self._config = config
        self._active = active
        self._made_here = made_here

    @cached_property
    def archive(self) -> str:
        """Name, size and time of every file below the folder of DICOM files or videos, at any depth."""
        inputs = self._config["input"]
        path = self._there(inputs["dicom_dir"] or inputs["avi"]["dir"])
        return folder_digest(path) if path and path.is_dir() else ""

    @cached_property
    def labels(self) -> str:
        """The columns of the label table, or of the table of videos, that the configuration names."""
        inputs = self._config["input"]
        layout, path = "table", self._there(inputs["labels"])
        if path is None:
            layout, path = inputs["avi"]["layout"], self._there(inputs["avi"]["table"])
        if path is None:
            return ""
        named = [*inputs["columns"].values(), *inputs["extra_columns"]]
        named += [inputs["avi"][name] for name in ("video", "split", "view")]
        return _file_digest(path) if layout != "table" else _columns_digest(path, named)

    @cached_property
    def view_labels(self) -> str:
        """The table of labelled views."""
        return self._content(self._config["views"]["labels"])

    @cached_property
    def view_classifier(self) -> str:
        """The weights of the view classifier and its list of classes."""
        views = self._config["views"]
        return " ".join(filter(None, map(self._provided_content, (views["weights"], views["classes"]))))

    @cached_property
    def kinetics(self) -> str:
        """The Kinetics-400 weights that the configuration names."""
        return self._provided_content(self._config["finetune"]["kinetics_weights"])

    def initial_weights(self, init: str) -> str:
        """The weights of an initialisation that a file of the user holds."""
        if init == "kinetics400":
            return self.kinetics
        return self._provided_content(self._config["initialisations"].get(init, {}).get("weights", ""))

    @cached_property
    def key(self) -> str:
        """A keyed hash of a fixed text: it changes with the key, and the key does not follow from it."""
        path = self._there(self._config["input"]["pseudonym_key_file"])
        if not self._active or self._made_here:
            return ""
        text = path.read_bytes() if path else os.environ.get(KEY_VARIABLE, "").encode()
        if not text.strip():
            return ""
        return hmac.new(text.strip().lower(), b"fingerprint of the key", hashlib.sha256).hexdigest()[:SHORT]

    def produced(self, path: str) -> list[str]:
        """``path`` as an input where a rule makes it."""
        return [path] if path and self._made_here else []

    def _there(self, path: str) -> Path | None:
        wanted = self._active and not self._made_here and path and Path(path).exists()
        return Path(path) if wanted else None

    def _content(self, path: str) -> str:
        found = self._there(path)
        return _file_digest(found) if found else ""

    def _provided_content(self, path: str) -> str:
        """As ``_content``, of a file that no rule makes."""
        return _file_digest(Path(path)) if self._active and path and Path(path).is_file() else ""


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:SHORT]


def _columns_digest(path: Path, named: list[str | None]) -> str:
    """Digest of the named columns as text; of the whole file where it cannot be read as a table."""
    from echoclr_core.common.text_table import read_text_table  # pandas: not needed in cluster jobs

    try:
        table = read_text_table(path).cells
    except ValueError:
        return _file_digest(path)
    checksum = hashlib.sha256()
    for name in sorted({name for name in named if name in table.columns}):
        checksum.update(repr((name, table[name].tolist())).encode("utf-8", "surrogatepass"))
    return checksum.hexdigest()[:SHORT]
