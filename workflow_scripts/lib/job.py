"""The frame of every script: a log of every attempt, settings as plain values, no identifiers."""

import json
import logging
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

from echoclr_core.common.core_dumps import disable_core_dumps
from echoclr_core.common.storage_errors import storage_problem
from workflow_scripts.lib.time_limit import back_in_queue_at_time_limit
from workflow_scripts.lib.workflow_process import end_with_workflow

log = logging.getLogger("echoclr")

VERSIONS = ("snakemake", "numpy", "pandas", "torch", "pydicom", "opencv-python-headless")


@contextmanager
def job(
    snakemake, *, restricted: bool = False, attempt_log: str | Path | None = None
) -> Iterator[logging.Logger]:
    """Run the body of a script with a log file that starts with what was asked and ends with how it went.

    The log is appended to, one header an attempt. A process of the job that crashes leaves no image of its
    memory behind.

    Parameters
    ----------
    snakemake
        The object that Snakemake passes to a script.
    restricted
        Whether the rule sees identifiers. Then its log lies in restricted/, and errors appear only there:
        a traceback on the terminal or in a cluster's log could name a patient. Whatever it writes is
        readable by its owner alone, but for outputs elsewhere.
    attempt_log
        A file that keeps what the attempts at a resumable job said: Snakemake removes the log before it
        starts a job again, and it is put back from here.
    """
    disable_core_dumps()
    path = Path(snakemake.log[0])
    usual = _set_private_umask() if restricted else None
    folder = restricted_folder(path) if restricted else path.parent
    folder.mkdir(parents=True, exist_ok=True)
    if attempt_log is not None and Path(attempt_log).exists() and not path.exists():
        path.write_text(Path(attempt_log).read_text(encoding="utf-8"), encoding="utf-8")
    handlers = [_handler(path), *([] if attempt_log is None else [_handler(Path(attempt_log))])]
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    _header(snakemake)
    end_with_workflow()
    _remove_leftovers(snakemake.output)
    start = time.monotonic()
    try:
        with back_in_queue_at_time_limit(snakemake.rule, snakemake.params.get("state")):
            yield log
    except Exception as error:
        log.exception("failed after %.1f s", time.monotonic() - start)
        if problem := storage_problem(error):
            log.error("%s", problem)
            print(f"rule {snakemake.rule}: {problem}", file=sys.stderr)
        if restricted and getattr(error, "holds_no_identifier", False):
            print(f"rule {snakemake.rule}: {error}", file=sys.stderr)
        if restricted:
            print(f"rule {snakemake.rule} failed ({type(error).__name__}); see {path}", file=sys.stderr)
            raise SystemExit(1) from None
        raise
    else:
        log.info("done in %.1f s; %s", time.monotonic() - start, _processor_time())
        if usual is not None:
            _restore_modes([*snakemake.output, *_kept(snakemake)], usual)
    finally:
        if usual is not None:
            os.umask(usual)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _processor_time() -> str:
    """What this process and those that it waited for took of the processor.

    Snakemake's benchmark files look at the processes every now and then, and miss what ended in between.
    """
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return f"{sum(part.ru_utime + part.ru_stime for part in parts):.1f} s of processor time"


def _handler(path: Path) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="a", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


def restricted_folder(path: Path) -> Path:
    """Make the folder that holds identifiers, mode 0700, and return the folder of ``path``."""
    top = next((parent for parent in path.parents if parent.name == "restricted"), None)
    assert top is not None, "a restricted rule logs below restricted/"
    top.mkdir(parents=True, exist_ok=True)
    top.chmod(0o700)
    return path.parent


def _kept(snakemake) -> list[str]:
    """The folder, outside restricted/, in which a job keeps finished files for the next run."""
    kept = snakemake.params.get("kept")
    return [kept] if kept and Path(kept).is_dir() else []


def _set_private_umask() -> int:
    """Keep what this process and its children write to its owner; return the mask that was in place."""
    return os.umask(0o077)


def _restore_modes(outputs: Iterable[str], mask: int) -> None:
    """Give outputs that lie outside restricted/ the modes that they have from any other rule."""
    for output in map(Path, outputs):
        if "restricted" in output.parts:
            continue
        for path in (output, *(output.rglob("*") if output.is_dir() else ())):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def settings(snakemake, name: str = "settings") -> SimpleNamespace:
    """A rule's slice of the configuration, each key path by its last part.

    ``settings(snakemake).mask`` is a dict, ``settings(snakemake).seed`` the value of ``study.seed``.
    """
    chosen = json.loads(snakemake.params[name])
    return SimpleNamespace(**{path.rpartition(".")[2]: value for path, value in chosen.items()})


def _remove_leftovers(outputs: Iterable[str]) -> None:
    """Remove the temporary files that a killed attempt left beside its outputs (``atomic_path`` names them).

    Snakemake lets one job at a time make an output.
    """
    for path in map(Path, outputs):
        name = re.compile(rf"\.{re.escape(path.stem)}\.[0-9a-f]{{12}}\.tmp{re.escape(path.suffix)}")
        for left in path.parent.iterdir() if path.parent.is_dir() else ():
            if name.fullmatch(left.name) and left.is_file():
                left.unlink(missing_ok=True)


def _header(snakemake) -> None:
    log.info("=" * 60)
    log.info("rule %s %s", snakemake.rule, dict(snakemake.wildcards))
    found = []
    for name in VERSIONS:
        try:
            found.append(f"{name} {version(name)}")
        except ModuleNotFoundError:  # an environment holds what its jobs need
            continue
    log.info("python %s on %s; %s", platform.python_version(), platform.machine(), ", ".join(found))
    log.info("threads %s, resources %s", snakemake.threads, dict(snakemake.resources.items()))
    for name, value in snakemake.params.items():
        if name not in ("root", "key_file"):
            log.info("%s: %s", name, value)
