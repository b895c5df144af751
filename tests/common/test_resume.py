"""The key of what is kept between attempts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from echoclr_core.common.modules import code_digest, imported_modules
from echoclr_core.common.resume import ROOT, resume_key

WORK = {
    "a": "from echoclr_core.b import g\ndef f():\n    return g()\n",
    "b": "from echoclr_core import c\ndef g():\n    return c.NUMBER\n",
    "c": "NUMBER = 1\n",
    "d": "OTHER = 1\n",
}


def key_of(root, files, function="echoclr_core.a:f", settings=(), source=("path", 3, 4)):
    (root / "echoclr_core").mkdir(parents=True)
    for name, text in {"__init__": "", **files}.items():
        (root / "echoclr_core" / f"{name}.py").write_text(text)
    return resume_key(function, {"margin": 1, **dict(settings)}, source, root=root)


@pytest.mark.parametrize("edited", ["a", "b", "c"])
def test_an_edit_of_any_followed_module_is_another_key(tmp_path, edited):
    before = key_of(tmp_path / "before", WORK)
    assert key_of(tmp_path / "same", WORK) == before
    assert key_of(tmp_path / "after", WORK | {edited: WORK[edited] + "MORE = 1\n"}) != before


def test_settings_source_and_function_count_and_other_modules_and_words_do_not(tmp_path):
    before = key_of(tmp_path / "before", WORK)
    assert key_of(tmp_path / "d", WORK | {"d": "OTHER = 2\n"}) == before
    assert key_of(tmp_path / "words", WORK | {"c": '"""Words."""\nNUMBER = 1  # remark\n'}) == before
    assert key_of(tmp_path / "margin", WORK, settings={"margin": 2}) != before
    assert key_of(tmp_path / "time", WORK, source=("path", 3, 5)) != before
    assert key_of(tmp_path / "function", WORK, function="echoclr_core.a:other") != before


def test_a_string_is_no_collection_of_packages(tmp_path):
    """Its letters would be taken for packages, and no module be followed."""
    for follow in (code_digest, imported_modules):
        with pytest.raises(TypeError, match=r"the string 'echoclr_core'"):
            follow(ROOT / "echoclr_core/common/files.py", ROOT, "echoclr_core")


JOBS = {
    "echoclr_core.deidentify.video_file:deidentify_video": (
        "deidentify.sector.boundary",
        "dicom.codecs",
        "common.files",
    ),
    "echoclr_core.video.provided:import_video": ("video.provided", "common.avi_reading", "common.containers"),
    "echoclr_core.video.masked_video:mask_file": ("video.masked_video", "video.hull", "common.avi_writing"),
    "echoclr_core.dicom.description:describe_files": ("dicom.description", "dicom.values", "dicom.inflate"),
}


@pytest.mark.parametrize(("function", "module"), [(job, one) for job, edits in JOBS.items() for one in edits])
def test_an_edit_of_what_a_job_stands_on_is_another_key(tmp_path, function, module):
    """Nothing that code before the edit has made is taken over by a run after it."""
    shutil.copytree(ROOT / "echoclr_core", tmp_path / "echoclr_core", ignore=shutil.ignore_patterns("*.pyc"))
    before = resume_key(function, {}, [])
    assert resume_key(function, {}, [], root=tmp_path) == before
    edited = tmp_path / "edited"
    shutil.copytree(tmp_path / "echoclr_core", edited / "echoclr_core")
    path = edited.joinpath("echoclr_core", *module.split(".")).with_suffix(".py")
    path.write_text(path.read_text() + "EDITED = 1\n")
    assert resume_key(function, {}, [], root=edited) != before


# Packages without what they re-export: the library names the modules that define (tests/architecture).
LOADED = (
    "import json, pathlib, sys, types; from importlib import import_module\n"
    "root = pathlib.Path('echoclr_core')\n"
    "for folder in sorted(path.parent for path in root.rglob('__init__.py')):\n"
    "    package = types.ModuleType('.'.join(folder.parts))\n"
    "    package.__path__ = [str(folder.resolve())]\n"
    "    sys.modules[package.__name__] = package\n"
    "import_module(sys.argv[1])\n"
    "ours = [m for name, m in sys.modules.items() if name.split('.')[0] == 'echoclr_core']\n"
    "print(json.dumps([m.__file__ for m in ours if getattr(m, '__file__', None)]))"
)


@pytest.mark.parametrize("function", JOBS)
def test_the_digest_covers_every_module_that_the_job_loads(function):
    module = function.partition(":")[0]
    done = subprocess.run(
        [sys.executable, "-c", LOADED, module], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {Path(path) for path in json.loads(done.stdout)}
    script = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    assert loaded - {script, *imported_modules(script, ROOT, ["echoclr_core"])} == set()
