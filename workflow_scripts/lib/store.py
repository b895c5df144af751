"""The clip store from its manifest, ``clips/store.json``."""

from pathlib import Path

from echoclr_core.common.store_files import store_files
from echoclr_core.video.store import ClipStore


def open_store(manifest: str | Path) -> ClipStore:
    """Open the whole store."""
    return ClipStore.open(*store_files(manifest))
