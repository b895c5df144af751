"""The finished files of one shard, kept between attempts, and their delivery as one folder.

Below the folder lie ``rows/<name>.json`` (key, row and SHA-256 of each finished file), ``files/`` (these
files) and ``attempt.<number>/``, where the present attempt writes. A process that a killed attempt left
behind can therefore touch nothing that counts.
"""

import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import write_json


class IncompleteShardError(RuntimeError):
    """Files of a shard are missing or have changed since they were made; nothing was delivered."""

    holds_no_identifier = True  # the message names pseudonyms: it may be shown outside of restricted/


class ShardCache:
    """Rows and files of a shard, each under the key of what made it. For one job at a time: hold the folder.

    Parameters
    ----------
    folder
        Made if it is not there; what earlier attempts left half done is removed.
    """

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)
        self._files = self._folder / "files"
        self._rows = self._folder / "rows"
        self._taken_from: list[Path] = []
        for kept in (self._files, self._rows):
            kept.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("attempt.*"):
            shutil.rmtree(left)
        self._attempt = self._folder / f"attempt.{secrets.token_hex(6)}"
        self._attempt.mkdir()

    def path(self, file: str) -> Path:
        """Where this attempt writes a file of that name."""
        return self._attempt / file

    def put(self, name: str, key: str, row: Mapping[str, Any], files: Collection[str] = ()) -> None:
        """Keep a row and take over its files, which stand where :meth:`path` says.

        Raises FileNotFoundError if one of them is not there.
        """
        digests = {file: file_digest(self.path(file)) for file in files}
        for file in files:
            self.path(file).replace(self._files / file)
        write_json(self._rows / f"{name}.json", {"key": key, "row": dict(row), "files": digests})

    def get(self, name: str, key: str) -> dict[str, Any] | None:
        """The row kept under ``key``, its files being there; None otherwise, whatever stands there."""
        kept = self._kept(name)
        if kept is None or kept["key"] != key:
            return None
        return kept["row"] if all((self._files / file).is_file() for file in kept["files"]) else None

    def publish(self, target: str | Path, names: Collection[str]) -> None:
        """Make the files of the rows ``names`` the folder ``target``, in one step.

        The cache stays as it is (the files are linked where the disk allows it) until :meth:`remove`: what is
        written after the folder may fail.

        Raises
        ------
        IncompleteShardError
            A row is unknown, or a file of one is missing or not as it was made. ``target`` is as before; the
            rows at fault are forgotten, so that the next attempt makes them anew.
        """
        files = self._checked(names)
        target = Path(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}.*.partial"):
            shutil.rmtree(left)
        staged = target.with_name(f".{target.name}.{secrets.token_hex(6)}.partial")
        staged.mkdir()
        for file in files:
            _link_or_copy(self._files / file, staged / file)
        if target.exists():
            # Aside first: a folder cannot be renamed over another that holds something.
            replaced = target.with_name(f".{target.name}.{secrets.token_hex(6)}.partial")
            target.rename(replaced)
            staged.rename(target)
            shutil.rmtree(replaced)
        else:
            staged.rename(target)

    def take_over(self, kept: str | Path) -> None:
        """Take in what :meth:`keep` left in ``kept``, but for rows that are here already."""
        self._taken_from.append(Path(kept) / "rows")
        for path in sorted((Path(kept) / "rows").glob("*.json")):
            if (self._rows / path.name).exists():
                continue
            try:
                files = json.loads(path.read_text(encoding="utf-8"))["files"]
                for file in files:
                    (self._files / file).unlink(missing_ok=True)
                    _link_or_copy(Path(kept) / "files" / file, self._files / file)
            except (OSError, ValueError, KeyError, TypeError):  # not whole: it is made anew
                continue
            shutil.copyfile(path, self._rows / path.name)

    def keep(self, kept: str | Path, names: Collection[str]) -> None:
        """Leave the rows ``names`` and their files in the folder ``kept``, and nothing else there.

        Files are linked where the disk allows it, so that those of a published folder take no further room.
        """
        kept = Path(kept)
        remove_kept(kept)
        staged = kept.with_name(f".{kept.name}.{secrets.token_hex(6)}.partial")
        for part in ("rows", "files"):
            (staged / part).mkdir(parents=True)
        for name in names:
            row = self._kept(name)
            for file in row["files"] if row else ():
                _link_or_copy(self._files / file, staged / "files" / file)
            if row:
                shutil.copyfile(self._rows / f"{name}.json", staged / "rows" / f"{name}.json")
        staged.rename(kept)

    def remove(self) -> None:
        """Remove the cache, once all results are safe."""
        shutil.rmtree(self._folder)

    def _checked(self, names: Collection[str]) -> list[str]:
        """The files of the rows ``names``, each found whole."""
        files, wrong = [], []
        for name in names:
            kept = self._kept(name)
            if kept is None or not all(self._is_whole(*one) for one in kept["files"].items()):
                wrong.append(name)
            else:
                files += kept["files"]
        if wrong:
            for rows in (self._rows, *self._taken_from):
                for name in wrong:
                    (rows / f"{name}.json").unlink(missing_ok=True)
            raise IncompleteShardError(
                f"files of {len(wrong)} of {len(names)} videos are missing or have changed since they were "
                f"written ({', '.join(sorted(wrong)[:5])}): nothing was delivered. Start again: only these "
                "are made anew"
            )
        return files

    def _is_whole(self, file: str, sha256: str) -> bool:
        path = self._files / file
        return path.is_file() and file_digest(path) == sha256

    def _kept(self, name: str) -> dict[str, Any] | None:
        """What was put under a name; None if it is not there, damaged, or of another version's form."""
        try:
            kept = json.loads((self._rows / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        kinds = {"key": str, "row": dict, "files": dict}
        whole = isinstance(kept, dict) and all(isinstance(kept.get(one), kind) for one, kind in kinds.items())
        return kept if whole else None


def remove_kept(kept: str | Path) -> None:
    """Remove what :meth:`ShardCache.keep` left in a folder, and what killed jobs left of it."""
    kept = Path(kept)
    for left in (kept, *kept.parent.glob(f".{kept.name}.*.partial")):
        if left.name.endswith(".partial") or left.exists():
            shutil.rmtree(left, ignore_errors=True)


def _link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file; a copy where the file system has none, or the target is another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        with target.open("rb") as copied:
            os.fsync(copied.fileno())
