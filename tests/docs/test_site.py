"""The documentation: the site builds, its pages are complete, and what it tells a user to type exists."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from echoclr_core.dicom.outcomes import OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
COMMANDS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]


def site_pages(entries):
    """The pages that a part of the navigation names."""
    for entry in entries:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else site_pages(value)


def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {page.stem for page in PAGES} <= {page.stem for page in tmp_path.glob("*.html")}
    assert "nt_xent" in (tmp_path / "api.html").read_text()


def test_the_navigation_names_every_page():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert sorted(site_pages(settings["nav"])) == [page.name for page in PAGES]


def test_every_outcome_has_a_meaning_and_a_cure():
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "errors.md").read_text(), re.M)
    assert [name for name, _, _ in rows] == list(OUTCOMES)


@pytest.mark.parametrize("page", COMMANDS, ids=lambda path: path.name)
def test_commands_name_what_exists(page):
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"^make ([a-z-]+)", text, re.M)) <= targets
    for name in set(re.findall(r"\bconfig/\w+\.yaml\b|\bprofiles/[\w-]+\b", text)):
        assert (ROOT / name).exists(), name
    # --configfile takes every name after it for a file, so that a target after it is never asked for
    for files in re.findall(r"--configfile ((?:[\w./]+ )*[\w./]+)", text):
        assert all(name.endswith(".yaml") for name in files.split()), files


def test_the_architecture_names_files_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    roots = (ROOT, ROOT / "echoclr_core", ROOT / "workflow_scripts")
    names = re.findall(r"`([\w/]+\.(?:py|yaml|md))`", text)
    assert len(names) > 12
    assert [name for name in names if not any((root / name).is_file() for root in roots)] == []


def keys(section, prefix=""):
    """Dotted names of all keys of a configuration."""
    for name, value in section.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{name}.")


def test_keys_of_the_configuration_exist():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    del config["model"]  # pages also call a loaded network `model`
    named = r"`((?:" + "|".join(config) + r")\.[a-z_]+(?:\.[a-z_]+)*)(?:: [^`]*)?`"
    files = (".csv", ".parquet", ".json", ".html", ".smk", ".py", ".safetensors")
    unknown = {
        (page.name, key)
        for page in COMMANDS
        for key in re.findall(named, page.read_text())
        if not key.endswith(files) and key not in set(keys(config))
    }
    assert not unknown


def measurement_pages():
    """The pages below Measurements in the navigation."""
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    [explanation] = [part["Explanation"] for part in settings["nav"] if "Explanation" in part]
    [pages] = [part["Measurements"] for part in explanation if "Measurements" in part]
    return set(site_pages(pages))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_measurements_stand_in_pages_of_their_own(page):
    """Each with commit, machine and command; other pages say what to do, or how and why something works."""
    text = page.read_text()
    commit = re.search(r"\b[Cc]ommits? `?[0-9a-f]{7}", text)
    if page.name in measurement_pages():
        assert commit
        assert re.search(r"machine|cores|CPU", text)
        assert re.search(r"`(?:python |make |pytest )|^\.venv/bin/", text, re.M)
    else:
        assert not commit
        assert not re.search(r"^#+ .*[Mm]easured", text, re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_pages_link_to_pages(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not re.match(r"https?://", target):
            assert (page.parent / target).exists(), target


def test_readme_links():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 120
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not re.match(r"https?://", target):
            assert (ROOT / target).exists(), target


def test_continuous_integration_runs_what_exists():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    makefile = (ROOT / "Makefile").read_text()
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert {"make lint", "make test", "make docs"} <= set(runs)
    for line in runs:
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in makefile
    assert any(" --report " in line for line in runs)


def test_continuous_integration_plans_every_overlay():
    """By a dry run where the overlay needs no data, else by a test that makes small data."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    [tests] = [step["run"] for step in jobs["overlays"]["steps"] if "pytest" in step.get("run", "")]
    files = re.findall(r"tests/\S+\.py", tests)
    texts = [(ROOT / name).read_text() for name in files]
    assert len(files) > 2
    planned = set(jobs["dry-runs"]["strategy"]["matrix"]["overlay"])
    texts.append(
        (ROOT / "workflow_scripts/cli/new.py").read_text()
    )  # template: what `echoclr new` starts from
    for path in (ROOT / "config").glob("*.yaml"):
        assert path.stem in planned or any(path.stem in text for text in texts), path.stem
    assert planned <= {path.stem for path in (ROOT / "config").glob("*.yaml")}


def test_containers_hold_the_locked_environment():
    """Both make .venv from the lock, on the Python that the lock was made for, and hold no data of a user."""
    docker = (ROOT / "envs" / "Dockerfile").read_text()
    apptainer = (ROOT / "envs" / "apptainer.def").read_text()
    base = re.search(r"^FROM (\S+)", docker, re.M).group(1)
    assert base == re.search(r"^From: (\S+)", apptainer, re.M).group(1)
    assert base.startswith("python:3.11")
    assert "make setup" in docker
    assert "make setup" in apptainer
    left_out = (ROOT / ".dockerignore").read_text().split()
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}
    assert {name for name in ignored if name.endswith("_data") or name == "results"} <= set(left_out)
