"""What one Python file does and what it names, read from its syntax tree and kept by its content.

Parsing the library takes two seconds, which every start of the workflow and every cluster job would pay.
The facts of a file follow from its bytes alone, so they are kept in one small JSON file under the SHA-256 of
those bytes: a changed file has another key, an entry is never wrong, and the JSON file may be removed at any
time.
"""

import ast
import hashlib
import json
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

CACHE_VARIABLE = "ECHOCLR_CODE_FACTS"
"""Environment variable that names the JSON file; without it nothing is kept."""

MAX_ENTRIES = 4000
DOTTED = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+(:[A-Za-z_]\w*)?$")


class ModuleFacts(NamedTuple):
    """The facts of one file.

    Parameters
    ----------
    meaning
        SHA-256 of the syntax tree without comments, docstrings and layout.
    imports
        Dotted names that are imported, those inside functions included: modules, or names within modules.
    mentions
        Dotted names that stand as text: a job ("package.module:function"), a module to run by ``-m``, a
        package whose files are found by name. Prose does not match.
    searched
        Those of ``mentions`` that are given to ``import_module``: every module of such a package may be used.
    exports
        For a file of docstring, imports and ``__all__`` alone: name to the module that defines it. Else None.
    """

    meaning: str
    imports: list[str]
    mentions: list[str]
    searched: list[str]
    exports: dict[str, str] | None


def module_facts(path: Path) -> ModuleFacts:
    """The facts of a file, from the kept ones where its content is known."""
    content = path.read_bytes()
    key = hashlib.sha256(_version() + content).hexdigest()
    kept = _kept()
    if key not in kept:
        kept[key] = list(_read(ast.parse(content, filename=str(path))))
        _new.add(key)
    return ModuleFacts(*kept[key])


def keep_facts() -> None:
    """Write the facts that this process has added; what it cannot write is read again next time.

    Of several processes that write at once the last one stays, each file being whole.
    """
    name = os.environ.get(CACHE_VARIABLE)
    if not _new or not name:
        return
    target = Path(name)
    entries = dict(list(_kept().items())[-MAX_ENTRIES:])
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(entries), encoding="utf-8")
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
    _new.clear()


_new: set[str] = set()


@cache
def _kept() -> dict[str, list]:
    name = os.environ.get(CACHE_VARIABLE)
    try:
        kept = json.loads(Path(name).read_text(encoding="utf-8")) if name else {}
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):  # none yet, or cut off by a full disk
        return {}


@cache
def _version() -> bytes:
    """Entries of other code than this, or of another Python's syntax trees, are not used."""
    return Path(__file__).read_bytes() + f"{sys.version_info[:2]}".encode()


def _read(tree: ast.Module) -> ModuleFacts:
    exports = _exports(tree)
    _strip_docstrings(tree)
    imports, mentions, searched = [], [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.match(node.value):
            mentions.append(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            searched += [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    meaning = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return ModuleFacts(meaning, imports, mentions, searched, exports)


def _strip_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for place, part in enumerate(node.body) if place or not _is_text(part)]


def _exports(tree: ast.Module) -> dict[str, str] | None:
    """See ``ModuleFacts.exports``."""
    exported = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            exported |= {alias.asname or alias.name: node.module for alias in node.names}
        elif not (_is_text(node) or _assigns_all(node)):
            return None
    return exported


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _assigns_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
