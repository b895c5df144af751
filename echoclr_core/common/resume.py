"""The key under which anything is kept between attempts: code, settings, and identity of the source."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from echoclr_core.common.digest import digest
from echoclr_core.common.modules import code_digest

PACKAGE = "echoclr_core"
ROOT = Path(__file__).resolve().parents[2]
OPTIONS = f"{PACKAGE}/options"
"""Declarations of options: their values are in the settings, so that names, defaults, bounds and descriptions
are in no digest of code."""


def resume_key(function: str, settings: Any, source: Sequence[Any], *, root: Path = ROOT) -> str:
    """SHA-256 (64 hex digits) of all that decides what ``function`` makes of one source.

    Parameters
    ----------
    function
        "package.module:name" of the function that does the work. Its module and every module of the package
        that it imports, at any depth, count; comments and docstrings do not.
    settings
        Its settings as plain values (see :func:`~echoclr_core.common.digest.digest`).
    source
        What tells one version of the source from another, such as path, size and time of change.
    root
        The folder that holds the package; for tests.
    """
    return digest([function, function_digest(function, root), settings, list(source)])


@cache
def function_digest(function: str, root: Path = ROOT) -> str:
    """Digest (16 hex digits) of the code of a function: its module and all that it imports of the package."""
    return code_digest(_module_file(function.partition(":")[0], root), root, (PACKAGE,), [root / OPTIONS])


def _module_file(module: str, root: Path) -> Path:
    if module.split(".")[0] == PACKAGE:
        return root.joinpath(*module.split(".")).with_suffix(".py")
    found = find_spec(module)  # a stand-in of the tests
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no module {module!r}", name=module)
    return Path(found.origin)
