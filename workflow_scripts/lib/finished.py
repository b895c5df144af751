"""The fingerprint of a job: what its results follow from, and nothing else."""

import json
from pathlib import Path
from typing import Any

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.finished import FinishedResults

PART = 16


def finished_results(snakemake, folder: str, **parts: Any) -> FinishedResults:
    """The kept results of a job in ``folder``.

    The fingerprint is of the rule's settings, numerics and code digest, and of ``parts``: plain values for
    the data, the initial weights and the place in the grid.
    """
    shared = settings_part(snakemake.rule, snakemake.params)
    return FinishedResults(folder, shared + digest([shared, parts]))


def settings_part(rule: str, params: Any) -> str:
    """The beginning of the fingerprint (16 hex digits), known while the run is planned: settings and code."""
    shared = [rule, json.loads(params.settings), json.loads(params.numerics), params.code_hash]
    return digest(shared)[:PART]


def digest_entry(path: str, *names: str) -> dict[str, str]:
    """Some entries of a file of data digests."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return {name: found[name] for name in names}


def weights_entry(path: str) -> str:
    """Digest of a file of initial weights; "" where there is none."""
    return file_digest(path) if path else ""
