"""TensorBoard event files, for those who want them: the history, one scalar a column."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class EventLog:
    """Scalars by step in a folder."""

    def __init__(self, writer: Any):
        self.writer = writer

    @classmethod
    @contextmanager
    def at(cls, folder: str | Path | None) -> Iterator["EventLog | None"]:
        """Write into ``folder``, emptied first (a resumed run writes its whole history again); None for no
        events.

        Raises
        ------
        ModuleNotFoundError
            Without the package tensorboardX; the message says how to get it.
        """
        if folder is None:
            yield None
            return
        try:
            from tensorboardX import SummaryWriter
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "pretrain.tensorboard is true but the package tensorboardX is not installed; "
                "`pip install tensorboardX`, or set pretrain.tensorboard: false"
            ) from error
        shutil.rmtree(folder, ignore_errors=True)
        writer = SummaryWriter(str(folder))
        try:
            yield cls(writer)
        finally:
            writer.close()

    def write(self, row: Mapping[str, Any]) -> None:
        """The numbers of ``row`` at its ``step``; what is missing is left out."""
        for name, value in row.items():
            if name != "step" and isinstance(value, int | float):
                self.writer.add_scalar(name, float(value), global_step=row["step"])
        self.writer.flush()
