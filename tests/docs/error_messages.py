"""The messages of errors, read from the code: what test_error_messages.py compares with docs/messages.md."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GAP = "…"  # in a message: what the code fills in
PACKAGES = ("echoclr_core", "workflow_scripts")
# Functions of these names list problems of a configuration or a table, one text a problem.
LISTS_PROBLEMS = ("problem", "check", "reason", "unnamed_data", "missing_files")
# They list no problems of an input: checks of results and of machines, and what a report says.
NO_PROBLEMS = ("reporting", "training", "sector", "explain", "models", "machine_checks", "software_checks")
MIN_LETTERS = 20  # shorter texts are parts of a message


def template(node: ast.expr) -> str | None:
    """The text of an expression with a gap for each value that is filled in; None if it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = template(node.left), template(node.right)
        return None if sides == (None, None) else "".join(side or GAP for side in sides)
    return None


def letters(message: str) -> int:
    """The length of what stands in the message itself."""
    return len(message.replace(GAP, "").strip())


@cache
def source_nodes() -> list[tuple[Path, tuple[ast.AST, ...]]]:
    """Each file below the root, with all nodes of its syntax tree."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [
        (path.relative_to(ROOT), tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for path in paths
    ]


def raised() -> Iterator[tuple[str, str, str]]:
    """Place, class and message of each ``raise`` with a message of its own; outcomes of files have theirs."""
    for path, nodes in source_nodes():
        for node in nodes:
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            kind = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
            messages = [text for argument in node.exc.args if (text := template(argument))]
            of_a_file = kind == "UnusableFile" or kind.startswith("_")  # helpers that return one
            for message in [] if of_a_file else messages:
                if letters(message):
                    yield f"{path}:{node.lineno}", kind, message


def outcomes() -> Iterator[tuple[str, str]]:
    """Place and outcome of each ``raise UnusableFile(outcome, ...)``."""
    for path, nodes in source_nodes():
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UnusableFile" and node.args:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path}:{node.lineno}", part.value


def listed() -> Iterator[tuple[str, str, str]]:
    """Place, function and text of each problem that a function puts into a list."""
    for path, nodes in source_nodes():
        if set(path.with_suffix("").parts) & set(NO_PROBLEMS):
            continue
        for function in nodes:
            if isinstance(function, ast.FunctionDef) and any(
                word in function.name for word in LISTS_PROBLEMS
            ):
                for node in _texts(function):
                    message = template(node)
                    if message and " " in message and letters(message) >= MIN_LETTERS:
                        yield f"{path}:{node.lineno}", function.name, message


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    """Texts below a node, but not those of a raise, of a docstring, or within a larger text."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise | ast.FunctionDef):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.expr) and template(child):
            yield child
        else:
            yield from _texts(child)


def matches(pattern: str, message: str) -> bool:
    """Whether the parts of a pattern between its gaps stand in the message, in order."""
    place = 0
    for part in pattern.split(GAP):
        place = message.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True
