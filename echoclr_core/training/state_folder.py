"""Where a run keeps its checkpoints: a folder of the caller's, or one for as long as the run lasts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def state_folder(folder: str | Path | None) -> Iterator[Path]:
    """``folder``; for None a temporary one, so that an interrupted run starts over."""
    if folder is not None:
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory(prefix="echoclr-training-") as temporary:
        yield Path(temporary)
