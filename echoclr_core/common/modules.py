"""Which files of some packages a script stands on, and one digest of what they do."""

import hashlib
import os
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from echoclr_core.common.module_facts import ModuleFacts, keep_facts, module_facts


def code_digest(
    script: str | Path, root: str | Path, packages: Collection[str], leave_out: Collection[str | Path] = ()
) -> str:
    """Digest (16 hex digits) of a script and of every file of ``packages`` that it uses, at any depth.

    Comments, docstrings and layout do not count: the digest is taken of the syntax tree. It serves as a
    workflow parameter, so that editing a module runs again just what stands on it.

    Parameters
    ----------
    script
        The Python file to start from.
    root
        The folder that holds the packages.
    packages
        Their names; other imports are not followed.
    leave_out
        Files, or folders with all their files, that change no result (what a log looks like, say), and whose
        own imports are not followed.

    Raises
    ------
    TypeError
        ``packages`` is one string: its letters would be taken for packages, and nothing be followed.
    """
    used = used_files(script, root, packages, leave_out)
    texts = [_meaning(Path(script)), *(f"{path.name} {_meaning(path)}" for path in used)]
    keep_facts()
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def used_files(
    script: str | Path, root: str | Path, packages: Collection[str], leave_out: Collection[str | Path] = ()
) -> list[Path]:
    """Files of ``packages`` that ``script`` uses, directly or not, sorted.

    - modules that are imported, in functions too;
    - modules that are named as text: a job for a worker process ("package.module:function"), a module that is
      run by ``-m``;
    - every module of a package that is given to ``import_module``: its modules are found by name;
    - the files of a package named as text that are no Python (templates, say).

    Files of ``leave_out`` are not among them, nor what is used by those alone.
    """
    if isinstance(packages, str):
        raise TypeError(
            f"packages is the string {packages!r}; allowed is a collection of names: [{packages!r}]"
        )
    root, left_out = Path(root), {Path(path) for path in leave_out}
    found: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        for path in _named_by(waiting.pop(), root, tuple(sorted(packages))):
            if path not in found and left_out.isdisjoint((path, *path.parents)):
                found.add(path)
                if path.suffix == ".py":
                    waiting.append(path)
    return sorted(found)


def imported_modules(
    script: str | Path, root: str | Path, packages: Collection[str], leave_out: Collection[str | Path] = ()
) -> list[Path]:
    """The Python files among :func:`used_files`."""
    return [path for path in used_files(script, root, packages, leave_out) if path.suffix == ".py"]


@cache
def _facts(path: Path) -> ModuleFacts:
    return module_facts(path)


@cache
def _meaning(path: Path) -> str:
    """Digest of what a file does; of its bytes where it is no Python."""
    return _facts(path).meaning if path.suffix == ".py" else hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _named_by(path: Path, root: Path, packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Files that one file names."""
    facts = _facts(path)
    files: list[Path] = []
    for name in facts.imports:
        if name.split(".")[0] in packages:
            files += _files(name, root)
    for text in facts.mentions:
        name = text.partition(":")[0]
        if name.split(".")[0] in packages:
            files += [*_files(name, root), *_package_files(name, root, searched=text in facts.searched)]
    return tuple(dict.fromkeys(files))


def _package_files(name: str, root: Path, *, searched: bool) -> Iterator[Path]:
    """For a package that is named as text: what is run by ``-m``, its data, and its modules if searched."""
    folder = root.joinpath(*name.split("."))
    if not (folder / "__init__.py").exists():
        return
    for path in sorted(folder.iterdir()):
        is_data = path.is_file() and path.suffix not in (".py", ".pyc") and not path.name.startswith(".")
        if is_data or path.name == "__main__.py" or (searched and path.suffix == ".py"):
            yield path


@cache
def _files(name: str, root: Path) -> tuple[Path, ...]:
    """The file of a dotted name and the __init__ files above it that do more than re-export.

    A name that a package re-exports stands for the module that defines it; one that is no module has no file.
    """
    parts = name.split(".")
    files = []
    folder = str(root)
    for depth, part in enumerate(parts, 1):
        folder = f"{folder}/{part}"
        # text, not Path: thousands of names are looked up at each start, most of them not there
        if not os.path.exists(f"{folder}/__init__.py"):  # noqa: PTH110
            continue
        init = Path(folder, "__init__.py")
        # An __init__ that only re-exports changes nothing for a script that names the defining modules.
        exported = _facts(init).exports
        if exported is None:
            files.append(init)
        elif parts[depth:]:
            defining = exported.get(parts[depth])
            if defining and not name.startswith(defining):  # else the name is that of the module itself
                files += _files(defining, root)
    if os.path.exists(f"{folder}.py"):  # noqa: PTH110
        files.append(Path(f"{folder}.py"))
    return tuple(files)
