"""The memory that a training asks a scheduler for: its own, and the clip store."""

import math
from functools import cache
from pathlib import Path

from echoclr_core.common.store_files import store_files

OWN_MEGABYTES = 16_000
"""Of one attempt, without the store: the paper's step in micro-batches takes 4 GB, the demo's 1.1."""


def training_memory(manifest: str | Path, attempt: int) -> int:
    """MB for a job that reads a whole clip store through memory maps.

    Pages of the store count as the job's memory. With less than the store there is nothing to fail, but each
    epoch reads the disk anew, which takes longer than the arithmetic.

    Parameters
    ----------
    manifest
        ``clips/store.json``.
    attempt
        From 1; a job that failed asks for more of its own, never for another store.

    Raises
    ------
    FileNotFoundError
        The store is not built yet: Snakemake then asks again before it starts the job.
    """
    manifest = Path(manifest)
    return OWN_MEGABYTES * attempt + _store_megabytes(manifest, manifest.stat().st_mtime_ns)


@cache
def _store_megabytes(manifest: Path, _changed: int) -> int:
    return math.ceil(sum(Path(frames).stat().st_size for frames in store_files(manifest)[1]) / 1e6)
