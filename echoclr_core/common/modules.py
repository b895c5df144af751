"""Which modules of some packages a script stands on, and one digest of what they do."""

import ast
import hashlib
from collections.abc import Collection
from functools import cache
from pathlib import Path


def code_digest(
    script: str | Path, root: str | Path, packages: Collection[str], leave_out: Collection[str | Path] = ()
) -> str:
    """Digest (16 hex digits) of a script and of every module of ``packages`` that it imports, at any depth.

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
        Files that change no result (what a log looks like, say).

    Raises
    ------
    TypeError
        ``packages`` is one string: its letters would be taken for packages, and nothing be followed.
    """
    files = [Path(script), *imported_modules(script, root, packages)]
    left_out = {Path(path) for path in leave_out}
    text = "".join(_meaning(path) for path in files if path not in left_out)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def imported_modules(script: str | Path, root: str | Path, packages: Collection[str]) -> list[Path]:
    """Files of ``packages`` that ``script`` imports, directly or not, sorted. Imports in functions count."""
    if isinstance(packages, str):
        raise TypeError(
            f"packages is the string {packages!r}; allowed is a collection of names: [{packages!r}]"
        )
    root = Path(root)
    found: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        for name in _imports(waiting.pop(), tuple(packages)):
            for path in _files(name, root):
                if path not in found:
                    found.add(path)
                    waiting.append(path)
    return sorted(found)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _meaning(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)


@cache
def _imports(path: Path, packages: tuple[str, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] in packages)


@cache
def _files(name: str, root: Path) -> tuple[Path, ...]:
    """The file of a dotted name and the __init__ files above it that do more than re-export.

    A name that a package re-exports stands for the module that defines it; one that is no module has no file.
    """
    parts = name.split(".")
    files = []
    for depth in range(1, len(parts) + 1):
        init = root.joinpath(*parts[:depth], "__init__.py")
        if not init.exists():
            continue
        exported = _re_exports(init)
        if exported is None:
            files.append(init)
        elif parts[depth:]:
            defining = exported.get(parts[depth])
            if defining and not name.startswith(defining):  # else the name is that of the module itself
                files += _files(defining, root)
    module = root.joinpath(*parts).with_suffix(".py")
    if module.exists():
        files.append(module)
    return tuple(files)


@cache
def _re_exports(init: Path) -> dict[str, str] | None:
    """Name to defining module for an __init__ of docstring, imports and ``__all__`` alone; else None.

    Such a file changes nothing for a script that names the defining modules, although Python runs it.
    """
    exported = {}
    for node in _tree(init).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            exported |= {alias.asname or alias.name: node.module for alias in node.names}
        elif not (_is_docstring(node) or _assigns_all(node)):
            return None
    return exported


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _assigns_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
