"""Editing a module runs again exactly what stands on it."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from echoclr_core.common.modules import code_digest, imported_modules
from echoclr_core.common.resume import OPTIONS
from workflow_scripts.lib.layout import FRAME, PACKAGES, Layout

ROOT = Path(__file__).resolve().parents[2]
METHODS = sorted((ROOT / "echoclr_core" / "pretrain" / "methods").glob("*.py"))
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
        library = types.ModuleType("echoclr_core")
        library.__path__, library.__version__ = [str(pathlib.Path("echoclr_core").resolve())], "0"
        sys.modules["echoclr_core"] = library
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


def module_file(name):
    """The file of a dotted name; None for a name within a module."""
    path = ROOT.joinpath(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.exists()), None)


@pytest.mark.study
def test_digests_cover_what_real_jobs_and_their_workers_load(smoke):
    """Modules loaded by name, in worker processes or by ``-m``, count like those that are imported."""
    recorded = {path.stem: path.read_text().split() for path in smoke.imports.glob("*.txt")}
    assert {"deidentify_shard", "pretrain_encoder", "build_report"} <= set(recorded)
    # Python also runs what a package re-exports; the test above shows that no script depends on it.
    packages = [path for folder in PACKAGES for path in sorted((ROOT / folder).rglob("__init__.py"))]
    re_exported = {path for package in packages for path in imported_modules(package, ROOT, PACKAGES)}
    missing = {}
    for script, names in recorded.items():
        files = {module_file(name) for name in names} - {None, *packages}
        used = set(imported_modules(ROOT / "workflow_scripts" / f"{script}.py", ROOT, PACKAGES))
        if script == "pretrain_encoder":  # of the file of its method each pretraining has a parameter
            used |= {path for file in METHODS for path in (file, *imported_modules(file, ROOT, PACKAGES))}
        missing[script] = sorted(str(path) for path in files - used - re_exported)
    assert {script: paths for script, paths in missing.items() if paths} == {}
    assert "echoclr_core.common.worker" in recorded["deidentify_shard"]
    assert "echoclr_core.models.encoders.resnet3d" in recorded["pretrain_encoder"]


def test_an_edit_of_a_methods_file_counts_for_its_own_pretrainings_alone(tmp_path):
    from echoclr_core.common import modules
    from echoclr_core.pretrain.run import NUMBERS, method_file
    from echoclr_core.training.numbers_code import numbers_code

    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    config = {"study": {"name": "s"}, "synthetic": {"development_studies": 0}, "pretrain": {}}
    config |= {"input": {"shards": 1, "avi": {"dir": "", "table": "", "layout": "table"}}}
    config["pretrain"]["method_options"] = {"vicreg": {"covariance_weight": 2}}
    layout = Layout(config, tmp_path)

    def digests():
        for cached in (modules._facts, modules._meaning, modules._named_by, modules._files, numbers_code):
            cached.cache_clear()
        found = {name: layout.method_slice(SimpleNamespace(method=name)) for name in ("echoclr", "vicreg")}
        runs = {f"run {name}": numbers_code((*NUMBERS, method_file(name)), tmp_path) for name in list(found)}
        return found | runs | {"script": layout.code_hash("pretrain_encoder")}

    before = digests()
    assert json.loads(before["vicreg"])["options"] == {"covariance_weight": 2}
    assert json.loads(before["echoclr"])["options"] == {}
    file = tmp_path / method_file("vicreg")
    file.write_text(file.read_text().replace("EPSILON = 1e-4", "EPSILON = 1e-3"))
    after = digests()
    assert {name for name in before if before[name] != after[name]} == {"vicreg", "run vicreg"}


def package(root, **files):
    for name, text in files.items():
        path = root / "core" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (root / "script.py").write_text("from core.a import f\n")
    return root / "script.py"


def digest_of(root, **files):
    from echoclr_core.common import modules

    for cached in (modules._facts, modules._meaning, modules._named_by, modules._files):
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


def test_a_folder_that_is_left_out_counts_with_none_of_its_files(tmp_path):
    """Options are declared in such a folder: their values are in the rules' params."""

    def digest(**files):
        digest_of(tmp_path, a="from core.options.b import X\n", **files)
        return code_digest(tmp_path / "script.py", tmp_path, ["core"], [tmp_path / "core" / "options"])

    (tmp_path / "core" / "options").mkdir(parents=True)
    files = {"options/__init__": "", "options/b": "from core.c import Y\nX = 1\n", "c": "Y = 1\n"}
    first = digest(**files)
    assert digest(**files | {"options/b": "from core.c import Y\nX = 2\n"}) == first
    assert digest(**files | {"c": "Y = 2\n"}) == first


def test_no_script_depends_on_how_options_are_declared():
    for script in SCRIPTS:
        left_out = [ROOT / OPTIONS]
        used = imported_modules(script, ROOT, PACKAGES, left_out)
        assert [path for path in used if (ROOT / OPTIONS) in path.parents] == [], script.name


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
    """The mean number of modules under a script; package facades once made it 33."""
    frame = [ROOT / path for path in (OPTIONS, *FRAME)]  # of no digest
    assert all(path.exists() for path in frame)
    counts = {script.stem: len(imported_modules(script, ROOT, PACKAGES, frame)) for script in SCRIPTS}
    bundles = (
        "export_bundle",
        "predict_patients",
        "collect_patients",
        "unpack_bundles",
    )  # every stage in one
    assert sum(counts.pop(name) for name in bundles) < 170
    assert sum(counts.values()) < 22 * len(counts)


def test_what_is_found_by_name_counts(tmp_path):
    """Modules that a package looks up, jobs and ``-m`` modules named as text, and templates."""
    files = {
        "a": (
            "import importlib\n"
            "def f():\n"
            "    importlib.import_module('core.plugins')\n"
            "    return ['core.jobs:run', 'core.program', 'core.unrelated is prose']\n"
        ),
        "plugins/__init__": "",
        "plugins/one": "x = 1\n",
        "jobs": "def run(): return 1\n",
        "program/__init__": "",
        "program/__main__": "print(1)\n",
        "unrelated": "x = 1\n",
    }
    (tmp_path / "core" / "plugins").mkdir(parents=True)
    (tmp_path / "core" / "program").mkdir()
    template = tmp_path / "core" / "program" / "page.html.j2"
    template.write_text("one")
    first = digest_of(tmp_path, **files)
    for name in ("plugins/one", "jobs", "program/__main__"):
        assert digest_of(tmp_path, **files | {name: files[name].replace("1", "2")}) != first, name
    assert digest_of(tmp_path, **files | {"unrelated": "x = 2\n"}) == first
    assert digest_of(tmp_path, **files | {"plugins/two": "y = 1\n"}) != first
    (tmp_path / "core" / "plugins" / "two.py").unlink()
    assert digest_of(tmp_path, **files) == first
    template.write_text("two")
    assert digest_of(tmp_path, **files) != first


def test_kept_facts_are_never_those_of_another_content(tmp_path, monkeypatch):
    """An edit that keeps size and time of the file is seen, and a damaged or missing cache is no harm."""
    from echoclr_core.common import module_facts

    kept = tmp_path / "kept" / "facts.json"
    monkeypatch.setenv(module_facts.CACHE_VARIABLE, str(kept))
    module_facts._kept.cache_clear()
    files = {"a": "x = 1\n"}
    first = digest_of(tmp_path, **files)
    assert kept.exists()
    path, times = tmp_path / "core" / "a.py", (tmp_path / "core" / "a.py").stat()
    digest_of(tmp_path, a="x = 2\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digest_of(tmp_path, a="x = 2\n") != first
    for damage in ("", "{", "[]"):
        kept.write_text(damage or "{}")
        module_facts._kept.cache_clear()
        assert digest_of(tmp_path, **files) == first
    monkeypatch.delenv(module_facts.CACHE_VARIABLE)
    module_facts._kept.cache_clear()
    assert digest_of(tmp_path, **files) == first


def test_parallel_writers_leave_a_whole_file(tmp_path, monkeypatch):
    script = "import sys; from echoclr_core.common.modules import code_digest as digest;"
    script += "print(digest(*sys.argv[1:3], ['core']))"
    kept = tmp_path / "facts.json"
    path = package(tmp_path, __init__="", a="x = 1\n")
    command = [sys.executable, "-c", script, str(path), str(tmp_path)]
    environment = os.environ | {"ECHOCLR_CODE_FACTS": str(kept)}
    runs = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(6)]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert json.loads(kept.read_text())
    assert list(tmp_path.glob(".facts*")) == []
