"""Editing a module runs again exactly what stands on it."""

import json
import subprocess
import sys
from pathlib import Path

from echoclr_core.common.modules import code_digest, imported_modules
from workflow_scripts.lib.layout import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "workflow_scripts").glob("*.py") if path.stem != "__init__")


# Each script's imports are done in a process of its own, forked from one that has the large libraries ready.
LOADED = """
import ast, importlib, json, os, sys
for name in "torch torchvision cv2 pandas pydicom matplotlib.figure captum.attr scipy.stats".split():
    importlib.import_module(name)
found = {}
for script in sys.argv[1:]:
    reading, writing = os.pipe()
    if os.fork() == 0:
        tree = ast.parse(open(script).read())
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(tree, script, "exec"))
        ours = ("echoclr_core", "workflow_scripts")
        files = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in ours]
        os.write(writing, json.dumps([path for path in files if path]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found[script] = json.loads(pipe.read() or "null")
    os.wait()
print(json.dumps(found))
"""


def test_digests_cover_what_the_scripts_import():
    """The list made by reading the source holds every module of ours that importing really loads."""
    command = [sys.executable, "-c", LOADED, *map(str, SCRIPTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    missing = {}
    for script in SCRIPTS:
        assert loaded[str(script)], f"{script.name} could not be imported"
        files = {Path(path) for path in loaded[str(script)]}
        missing[script.stem] = sorted(files - set(imported_modules(script, ROOT, PACKAGES)))
    assert {name: paths for name, paths in missing.items() if paths} == {}


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
    return code_digest(package(root, __init__="", **files), root, ["core"])


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
