"""The fingerprint of a job: what its results follow from, and nothing else."""

import json
from pathlib import Path
from typing import Any

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.finished import FinishedResults


def finished_results(snakemake, folder: str, **parts: Any) -> FinishedResults:
    """The kept results of a job in ``folder``.

    The fingerprint is of the rule's settings, numerics and code digest, and of ``parts``: plain values for
    the data, the initial weights and the place in the grid.
    """
    params = snakemake.params
    shared = [snakemake.rule, json.loads(params.settings), json.loads(params.numerics), params.code_hash]
    return FinishedResults(folder, digest([*shared, parts]))


def digest_entry(path: str, *names: str) -> dict[str, str]:
    """Some entries of a file of data digests."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return {name: found[name] for name in names}


def weights_entry(path: str) -> str:
    """Digest of a file of initial weights; "" where there is none."""
    return file_digest(path) if path else ""
