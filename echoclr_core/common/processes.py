"""Processes that are started clean, whatever script they are started from."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def main_script_hidden() -> Iterator[None]:
    """Keep processes that are spawned meanwhile from running the main script again.

    A spawned process begins by running its parent's main module. A workflow engine's script has no
    ``__main__`` guard, so it would do its job twice. Forking instead is no way out: a copy of a process in
    which OpenCV or torch has started threads can stand still for ever.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
