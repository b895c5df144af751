"""Results of finished jobs, kept under a fingerprint of all that defines them, to be put in place again.

A workflow engine starts a job again whenever anything before it ran, whether or not what the job reads has
changed, and removes its results first. A job of hours that finds its results here puts them back in seconds.
"""

import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import write_json

MANIFEST = "files.json"
KEPT = 3
logger = logging.getLogger(__name__)


class FinishedResults:
    """The kept results of one job.

    Parameters
    ----------
    folder
        Of this job alone; made when something is kept. It may be removed at any time.
    fingerprint
        Hex digest of all that the results follow from: settings, data, initial weights, code, device.
    kept
        Fingerprints whose results stay; the oldest go first. Unchanged files take no further room where the
        file system knows hard links.
    """

    def __init__(self, folder: str | Path, fingerprint: str, *, kept: int = KEPT):
        self.folder = Path(folder)
        self.fingerprint = fingerprint
        self.kept = kept
        self._entry = self.folder / fingerprint

    def restore(self, targets: Mapping[str, str | Path]) -> bool:
        """Put the results of this fingerprint in place, each file whole; False where there are none.

        Parameters
        ----------
        targets
            Name of each result to its path; the names that :meth:`keep` was called with.

        Results that are incomplete or damaged (their SHA-256 is another) are removed with a warning.
        """
        if not self._entry.is_dir():
            return False
        try:
            wanted = _read_manifest(self._entry / MANIFEST)
            if set(wanted) != set(targets) or any(
                file_digest(self._entry / name) != checksum for name, checksum in wanted.items()
            ):
                raise ValueError("another set of files, or a file was changed")
        except (OSError, ValueError) as error:
            logger.warning("kept results %s are not used: %s", self.fingerprint[:16], error)
            shutil.rmtree(self._entry, ignore_errors=True)
            return False
        for name, target in targets.items():
            place_file(self._entry / name, target)
        os.utime(self._entry)  # the most recently used stay
        return True

    def keep(self, results: Mapping[str, str | Path]) -> None:
        """Keep finished results; those of the oldest other fingerprints go."""
        work = self.folder / f".{self.fingerprint}.{os.getpid()}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name, path in results.items():
            place_file(path, work / name)
        write_json(work / MANIFEST, {name: file_digest(work / name) for name in results})
        shutil.rmtree(self._entry, ignore_errors=True)
        work.rename(self._entry)
        entries = [path for path in self.folder.iterdir() if path.is_dir() and path.name[0] != "."]
        for old in sorted(entries, key=lambda path: path.stat().st_mtime_ns, reverse=True)[self.kept :]:
            shutil.rmtree(old, ignore_errors=True)


def place_file(source: str | Path, target: str | Path) -> None:
    """``source`` at ``target``, whole or not at all: a hard link, or a copy where there can be none.

    The present time is given to the file, so that it is newer than what it was made from.
    """
    source, target = Path(source), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        try:
            partial.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, partial)
        os.utime(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _read_manifest(path: Path) -> dict[str, str]:
    return json.loads(path.read_text(encoding="utf-8"))
