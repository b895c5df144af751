"""Checkpoints for resuming: whole or not there, of this very run or not used, the one before kept."""

import hashlib
import io
import json
import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.lifetime import GRACE_SECONDS

KEPT = 2
SHORT = 16
SUM = 32
LONGEST_VALUE = 40
logger = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one run in a folder.

    Parameters
    ----------
    folder
        Made at the first save. Several runs may share it.
    fingerprint
        Digest of all that defines the run (settings, data, initial weights). A file of another fingerprint is
        never loaded and never removed.
    definition
        What the fingerprint is a digest of, as name to plain value. It stands beside the checkpoints, so that
        a later run that cannot go on from them can say why.
    last_step
        Checkpoints of later steps belong to a longer run of the same definition: left where they are.
    """

    def __init__(
        self,
        folder: str | Path,
        fingerprint: str,
        *,
        definition: Mapping[str, Any] | None = None,
        last_step: int | None = None,
    ):
        self.folder = Path(folder)
        self.fingerprint = fingerprint
        self.definition = dict(definition or {})
        self.last_step = last_step

    def held(self) -> AbstractContextManager[None]:
        """Hold the folder against other jobs; see :func:`~echoclr_core.common.folder_lock.hold_folder`.

        Two runs that save into one folder would remove each other's checkpoints. The wait is as long as a run
        that was asked to stop may take to save.
        """
        return hold_folder(self.folder, wait_seconds=GRACE_SECONDS)

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write ``state`` (tensors, numbers, text, lists, dicts) as the newest checkpoint; keep the one
        before.

        Raises
        ------
        OSError
            When it cannot be written (a full disk, say); what was there before is still there.
        """
        buffer = io.BytesIO()
        # Through memory: PyTorch's own writer turns a full disk into an unspecific RuntimeError.
        torch.save({"fingerprint": self.fingerprint, "step": step, "state": state}, buffer)
        path = self.folder / f"{self.fingerprint[:SHORT]}-{step:09d}.pt"
        try:
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                file.write(hashlib.sha256(buffer.getbuffer()).digest())
                file.write(buffer.getbuffer())
        except OSError as error:
            raise OSError(
                error.errno,
                f"checkpoint of step {step} was not written ({error.strerror}); the last good one is kept",
                str(path),
            ) from error
        self._sync_folder()
        if self.definition and not self._definition_file(path).exists():
            write_json(self._definition_file(path), self.definition)
        for old in (*self._own()[KEPT:], *self._unfinished()):
            old.unlink(missing_ok=True)
        return path

    def load(self) -> tuple[int, dict[str, Any]] | None:
        """The newest readable checkpoint of this fingerprint as (step, state), or None.

        A file that cannot be read is named in a warning and the one before it is tried; the presence of
        checkpoints of other settings, data or code is logged with what differs.

        Raises
        ------
        OSError
            When there are checkpoints of this run and none can be read: starting over would lose the work
            silently. They are left where they are.
        """
        unread: list[str] = []
        foreign = [path for path in self._all() if path not in self._own()]
        for path in self._own():
            try:
                content = _read(path)
            except (OSError, ValueError) as error:
                logger.warning("checkpoint %s cannot be read (%s); trying the one before", path.name, error)
                unread.append(f"{path.name}: {error}")
                continue
            if content["fingerprint"] != self.fingerprint:
                foreign.append(path)
                continue
            logger.info("resuming from step %d (%s)", content["step"], path.name)
            return content["step"], content["state"]
        if unread:
            raise OSError(
                f"no checkpoint of this run in {self.folder} can be read ({'; '.join(unread)}). Make them "
                "readable, or remove them to start over"
            )
        if foreign:
            logger.warning(
                "%d checkpoint(s) of other settings or data or code in the state folder are not used, the "
                "run starts over: %s",
                *(
                    len(foreign),
                    "; ".join(f"{path.name}{self._difference(path)}" for path in sorted(foreign)),
                ),
            )
        return None

    def _difference(self, path: Path) -> str:
        """What is defined otherwise there, for a message."""
        if path.name.startswith(self.fingerprint[:SHORT]) and self._step_of(path) > (self.last_step or 0):
            return f" (it is beyond the last step, {self.last_step})"
        try:
            other = json.loads(self._definition_file(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        changes = [
            f"{name} was {_short(other.get(name))}, is {_short(self.definition.get(name))}"
            for name in sorted({*other, *self.definition})
            if _plain(other.get(name)) != _plain(self.definition.get(name))
        ]
        return f" ({', '.join(changes)})" if changes else ""

    @staticmethod
    def _definition_file(path: Path) -> Path:
        return path.with_name(f"{path.name.split('-')[0]}.json")

    @staticmethod
    def _step_of(path: Path) -> int:
        return int(path.stem.split("-")[1])

    def clear(self) -> None:
        """Remove this run's checkpoints, once its results are safe."""
        for path in self._own():
            path.unlink(missing_ok=True)
            self._definition_file(path).unlink(missing_ok=True)

    def _all(self) -> list[Path]:
        return sorted(self.folder.glob("[!.]*-*.pt"))

    def _own(self) -> list[Path]:
        own = sorted(self.folder.glob(f"{self.fingerprint[:SHORT]}-*.pt"), reverse=True)
        return [path for path in own if self.last_step is None or self._step_of(path) <= self.last_step]

    def _unfinished(self) -> list[Path]:
        """Pieces that a job left which was killed while it saved: each as large as a checkpoint."""
        return list(self.folder.glob(f".{self.fingerprint[:SHORT]}-*.tmp.pt"))

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep_newest(folder: str | Path) -> None:
    """Remove all checkpoints of a folder but the one written last, whatever run they are of."""
    paths = sorted(Path(folder).glob("[!.]*-*.pt"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in paths[:-1]:
        path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file: a SHA-256, then what torch.save wrote.

    The sum is looked at first, because torch.load meets damage with any kind of error.
    """
    data = path.read_bytes()
    if hashlib.sha256(memoryview(data)[SUM:]).digest() != data[:SUM]:
        raise ValueError("damaged or cut off")
    return torch.load(io.BytesIO(memoryview(data)[SUM:]), map_location="cpu", weights_only=True)


def _plain(value: Any) -> Any:
    """``value`` as JSON keeps it: a tuple is a list there."""
    return json.loads(json.dumps(value))


def _short(value: Any) -> str:
    """A value for a message; a digest is named by its beginning."""
    text = json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:10]}..."
