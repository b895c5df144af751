"""The frame of all commands: help, examples, exit codes, no traceback."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from workflow_scripts.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def test_the_entry_point_is_installed_with_the_packages_that_it_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    module, _, name = project["project"]["scripts"]["echoclr"].partition(":")
    assert callable(getattr(import_module(module), name))
    assert f"{module.partition('.')[0]}*" in project["tool"]["setuptools"]["packages"]["find"]["include"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples_and_exit_codes(echoclr, command):
    code, said, _ = echoclr(command, "--help")
    assert code == 0
    assert f"  echoclr {command}" in said
    assert "exit codes: 0 success" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    assert f"echoclr {command}" in (ROOT / "docs" / "command_line.md").read_text()


def test_wrong_usage_ends_with_2_and_lists_the_commands(echoclr):
    code, _, error = echoclr("docter")
    assert code == 2
    assert "doctor" in error
    assert echoclr()[0] == 2


def test_an_unexpected_error_is_one_message(echoclr, monkeypatch):
    module = import_module("workflow_scripts.cli.doctor")
    monkeypatch.setattr(module, "run", lambda arguments: 1 / 0)
    code, _, error = echoclr("doctor")
    assert code == 1
    assert error.startswith("echoclr doctor: ZeroDivisionError")
    assert "Traceback" not in error


def test_it_runs_from_any_folder(tmp_path):
    """As the installed entry point does, which imports by the editable install."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import workflow_scripts.cli.main as m; m.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 or "doctor" in done.stdout


def test_the_help_of_all_loads_no_network():
    code = "import sys; from workflow_scripts.cli.main import main\ntry: main(['--help'])\n"
    code += (
        "except SystemExit: pass\nprint([m for m in ('torch', 'pandas', 'snakemake') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
