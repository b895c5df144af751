"""One lock: the conda environments, pyproject.toml and the Makefile agree with it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def lock():
    lines = (ROOT / "envs" / "lock.txt").read_text().splitlines()
    pins = [line.split(";")[0].strip() for line in lines if line and not line.startswith("#")]
    return dict(pin.split("==") for pin in pins)


@pytest.mark.parametrize("kind", ["data", "training", "reporting", "predict"])
def test_conda_environments_pin_what_the_lock_pins(kind):
    environment = yaml.safe_load((ROOT / "envs" / f"{kind}.yaml").read_text())
    [pip] = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert pip
    assert dict(pin.split("==") for pin in pip).items() <= lock().items()


def test_what_reads_text_is_installed_after_its_environment_at_the_locked_version():
    lines = (ROOT / "envs" / "data.post-deploy.sh").read_text().splitlines()
    [install] = [line for line in lines if line.startswith("python -m pip install --no-deps ")]
    assert install.split()[-1] == f"rapidocr-onnxruntime=={lock()['rapidocr-onnxruntime']}"
    assert "opencv-python" not in lock()


def test_every_declared_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = [*project["dependencies"], *extras["dev"], *extras["ocr"]]
    assert not [name for name in names if name.lower() not in lock()]


def test_every_rule_has_an_environment_that_holds_what_its_script_imports():
    from echoclr_core.common.modules import imported_modules
    from workflow_scripts.lib.layout import PACKAGES

    distributions = {
        "cv2": "opencv-python-headless",
        "yaml": "pyyaml",
        "sklearn": "scikit-learn",
        "PIL": "pillow",
    }
    standard = {"workflow_scripts", "echoclr_core", "snakemake"}
    missing = []
    for rule_file in sorted((ROOT / "rules").glob("*.smk")):
        text = rule_file.read_text()
        pairs = re.findall(r'"../envs/(\w+)\.yaml".*?"../workflow_scripts/(\w+)\.py"', text, re.DOTALL)
        for kind, name in pairs:
            pins = (ROOT / "envs" / f"{kind}.yaml").read_text()
            script = ROOT / "workflow_scripts" / f"{name}.py"
            for path in [script, *imported_modules(script, ROOT, PACKAGES)]:
                for module in top_level_imports(path) - standard:
                    if f"- {distributions.get(module, module)}==" not in pins:
                        missing.append(f"{kind}: {module}, for {name} ({path.name})")
    assert not sorted(set(missing))


def top_level_imports(path):
    """Modules outside the standard library that a file imports when it is imported."""
    import ast
    import sys

    tree = ast.parse(path.read_text())
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def test_makefile_installs_the_lock():
    assert "--requirement envs/lock.txt" in (ROOT / "Makefile").read_text()
