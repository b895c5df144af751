"""The files of a clip store, without loading what reads them: rules ask for their sizes."""

import json
from pathlib import Path


def store_files(manifest: str | Path) -> tuple[list[str], list[str]]:
    """Index files and frame files of every shard that a store.json lists, both in the order of the shards."""
    manifest = Path(manifest)
    shards = sorted(json.loads(manifest.read_text(encoding="utf-8"))["shards"])
    return (
        [str(manifest.parent / f"{shard}.parquet") for shard in shards],
        [str(manifest.parent / f"{shard}.npy") for shard in shards],
    )
