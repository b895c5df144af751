"""The shape of the library: data flows one way, and some rooms never import torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "echoclr_core"
ORDER = (
    "common",
    "options",
    "tasks",
    "dicom",
    "deidentify",
    "video",
    "views",
    "cohort",
    "design",
    "models",
    "training",
    "pretrain",
    "finetune",
    "evaluate",
    "explain",
    "reporting",
    "predict",
)
MAY_IMPORT = {room: set(ORDER[: place + 1]) for place, room in enumerate(ORDER)}
MAY_IMPORT["synthetic"] = {"synthetic", "common", "options", "dicom"}
MODULES = sorted(CORE.rglob("*.py"))


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "echoclr_core" and len(parts) > 1:
                yield parts[1]


def test_every_folder_is_a_room():
    folders = {path.parent.name for path in CORE.glob("*/__init__.py")}
    assert folders == set(MAY_IMPORT)


def test_rooms_import_only_what_stands_before_them():
    wrong = [
        f"{path.relative_to(ROOT)} imports {room}"
        for path in MODULES
        if path.parent != CORE
        for room in imported_rooms(path)
        if room not in MAY_IMPORT[path.relative_to(CORE).parts[0]]
    ]
    assert wrong == []


def test_imports_name_the_defining_module():
    """A package facade would make every importer depend on the whole room."""
    wrong = [
        f"{path.relative_to(ROOT)}: from {node.module} import {alias.name}"
        for folder in ("echoclr_core", "workflow_scripts")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("echoclr_core.")
        and ROOT.joinpath(*node.module.split("."), "__init__.py").exists()
        for alias in node.names
        if not ROOT.joinpath(*node.module.split("."), f"{alias.name}.py").exists()
        and not ROOT.joinpath(*node.module.split("."), alias.name).exists()
    ]
    assert wrong == []


def test_core_knows_nothing_of_snakemake():
    wrong = [
        str(path.relative_to(ROOT))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(alias.name.startswith("snakemake") for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snakemake"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "room",
    ["dicom", "deidentify", "video", "views", "cohort", "design", "evaluate", "reporting", "synthetic"],
)
def test_room_is_light(room):
    """Jobs without a network, and the Snakefile, must not wait for torch."""
    code = f"import sys, echoclr_core.{room}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_names_that_stay():
    """Other people's tests import these."""
    from echoclr_core import cohort, deidentify, dicom, evaluate, explain, predict, pretrain, video

    names = {
        pretrain: ("nt_xent", "frame_orders", "study_pairs"),
        cohort: ("split_studies", "label_subset", "lv_mass_index"),
        deidentify: ("boundary_mask",),
        video: ("sector_mask", "read_avi"),
        dicom: ("read_cine",),
        evaluate: ("bootstrap_metrics", "roc_test"),
        explain: ("grad_cam",),
        predict: ("load_bundle",),
    }
    assert [
        name for room, wanted in names.items() for name in wanted if not callable(getattr(room, name))
    ] == []


MAX_LINES = 60  # of a function without its docstring


def code_lines(function):
    """Lines of a function from its first to its last, the docstring left out."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - (docstring.end_lineno - docstring.lineno + 1)


def test_functions_are_short():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {code_lines(node)} lines"
        for folder in ("echoclr_core", "workflow_scripts", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > MAX_LINES
    ]
    assert wrong == []
