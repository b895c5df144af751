"""The clip store as the workflow lays it out: one memory map and one index a shard, beside store.json."""

import json
from pathlib import Path

from echoclr_core.video.store import ClipStore


def store_files(manifest: str | Path) -> tuple[list[str], list[str]]:
    """The index files and the frame files of every shard that ``clips/store.json`` lists."""
    manifest = Path(manifest)
    shards = sorted(json.loads(manifest.read_text(encoding="utf-8"))["shards"])
    return (
        [str(manifest.parent / f"{shard}.parquet") for shard in shards],
        [str(manifest.parent / f"{shard}.npy") for shard in shards],
    )


def open_store(manifest: str | Path) -> ClipStore:
    """Open the whole store."""
    return ClipStore.open(*store_files(manifest))
