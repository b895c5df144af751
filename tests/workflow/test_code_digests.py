"""Editing a module runs again exactly what stands on it."""

import ast
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
import ast, importlib, json, os, pathlib, sys, types
for name in "torch torchvision cv2 pandas pydicom matplotlib.figure captum.attr scipy.stats".split():
    importlib.import_module(name)
found = {}
for script in sys.argv[1:]:
    reading, writing = os.pipe()
    if os.fork() == 0:
        # packages without what they re-export: the library names defining modules (test_rooms.py)
        for folder in sorted(pathlib.Path("echoclr_core").iterdir()):
            if (folder / "__init__.py").exists():
                package = types.ModuleType(f"echoclr_core.{folder.name}")
                package.__path__ = [str(folder.resolve())]
                sys.modules[package.__name__] = package
        tree = ast.parse(open(script).read())
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(tree, script, "exec"))
        ours = ("echoclr_core", "workflow_scripts")
        modules = [module for name, module in sys.modules.items() if name.split(".")[0] in ours]
        files = [module.__file__ for module in modules if getattr(module, "__file__", None)]
        os.write(writing, json.dumps(files).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found[script] = json.loads(pipe.read() or "null")
    os.wait()
print(json.dumps(found))
"""


def has_code(init):
    """Whether an __init__ holds more than a docstring and a version."""
    body = ast.parse(init.read_text()).body
    return any(not isinstance(node, ast.Expr | ast.Assign) for node in body)


def test_digests_cover_what_the_scripts_import():
    """The list made by reading the source holds every module of ours that importing really loads."""
    command = [sys.executable, "-c", LOADED, *map(str, SCRIPTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    missing = {}
    for script in SCRIPTS:
        assert loaded[str(script)], f"{script.name} could not be imported"
        files = {Path(path) for path in loaded[str(script)]}
        files = {path for path in files if path.name != "__init__.py" or has_code(path)}
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

    for cached in (modules._tree, modules._meaning, modules._imports, modules._files, modules._re_exports):
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


def test_names_of_a_package_lead_to_the_module_that_defines_them(tmp_path):
    """A package that re-exports makes nobody depend on more than the names used."""
    files = {"__init__": "from core.b import g\nfrom core.c import h\n__all__ = ['g', 'h']\n"}
    files |= {"b": "def g(): return 1\n", "c": "def h(): return 1\n", "a": "from core import g\nf = g\n"}
    package(tmp_path, **files)
    names = [path.name for path in imported_modules(tmp_path / "script.py", tmp_path, ["core"])]
    assert names == ["a.py", "b.py"]


def test_packages_that_do_more_than_re_export_count(tmp_path):
    script = package(
        tmp_path, __init__="from core.b import g\nX = g()\n", b="def g(): return 1\n", a="f = 1\n"
    )
    names = [path.name for path in imported_modules(script, tmp_path, ["core"])]
    assert names == ["__init__.py", "a.py", "b.py"]


def test_scripts_depend_on_few_modules():
    """The summed number of modules under the scripts; package facades once made it 1,385."""
    assert sum(len(imported_modules(script, ROOT, PACKAGES)) for script in SCRIPTS) < 850
