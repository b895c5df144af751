"""Editing a module runs again exactly what stands on it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from echoclr_core.common.modules import code_digest, imported_modules

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "workflow_scripts").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_digest_covers_what_the_script_imports(script):
    """The list made by reading the source holds every core module that importing really loads."""
    code = (
        "import ast, sys, json\n"
        f"tree = ast.parse(open({str(script)!r}).read())\n"
        "tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]\n"
        "exec(compile(tree, 'script', 'exec'))\n"
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.startswith('echoclr_core')]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(path) for path in json.loads(done.stdout)}
    assert loaded - set(imported_modules(script, ROOT, "echoclr_core")) == set()


def package(root, **files):
    for name, text in files.items():
        path = root / "core" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (root / "script.py").write_text("from core.a import f\n")
    return root / "script.py"


def digest_of(root, **files):
    from echoclr_core.common import modules

    for cached in (modules._tree, modules._meaning, modules._imports, modules._files):
        cached.cache_clear()
    return code_digest(package(root, __init__="", **files), root, "core")


def test_digest_follows_meaning_not_layout(tmp_path):
    files = {
        "a": "from core import b\ndef f():\n    return b.g()\n",
        "b": "def g(): return 1\n",
        "c": "x = 1\n",
    }
    first = digest_of(tmp_path, **files)
    commented = (
        '"""Words."""\nfrom core import b  # remark\n\n\ndef f():\n    """More words."""\n    return b.g()\n'
    )
    assert digest_of(tmp_path, **files | {"a": commented}) == first
    assert digest_of(tmp_path, **files | {"c": "x = 2\n"}) == first  # not imported
    assert (
        digest_of(tmp_path, **files | {"b": "def g(): return 2\n"}) != first
    )  # imported by what is imported
