"""What Snakemake makes of a changed parameter behind an `ancient` edge; no rule has such an edge."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"

# verdict -> train -> evaluate, each with one parameter
SNAKEFILE = """
rule evaluate:
    input: "model"
    output: "metrics"
    params: resamples=config["resamples"]
    shell: "echo {{params.resamples}} > {{output}}"

rule train:
    input: {edge}
    output: "model"
    params: rate=config["rate"]
    shell: "echo {{params.rate}} > {{output}}"

rule verdict:
    output: "verdict"
    params: limit=config["limit"]
    shell: "echo {{params.limit}} > {{output}}"
"""
ANCIENT, PLAIN = 'ancient("verdict")', '"verdict"'


def run(folder, *arguments, **config):
    values = [
        f"{name}={value}" for name, value in ({"resamples": 200, "rate": 1, "limit": 1} | config).items()
    ]
    command = [str(SNAKEMAKE), "--cores", "1", "--directory", str(folder), *arguments, "--config", *values]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(re.findall(r"rule (\w+):", done.stdout + done.stderr))


@pytest.mark.parametrize(
    ("edge", "planned"), [(ANCIENT, {"verdict"}), (PLAIN, {"verdict", "train", "evaluate"})]
)
def test_an_ancient_edge_hides_changed_parameters_behind_it(tmp_path, edge, planned):
    """Of two changes in one run the engine does not see the second, and the run ends well without it."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(edge=edge))
    assert run(tmp_path) == {"verdict", "train", "evaluate"}
    assert run(tmp_path, "--dry-run", limit=2, resamples=300, rate=2) == planned
    # alone, each change is seen: the mask comes with the job that must run
    assert "evaluate" in run(tmp_path, "--dry-run", resamples=300)


def test_no_rule_has_an_ancient_edge():
    """Neither between rules, where it would hide changes, nor to a file of the user, which is no input."""
    files = [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk"), *(ROOT / "workflow_scripts").rglob("*.py")]
    assert [path.name for path in files if re.search(r"\bancient\(", path.read_text())] == []
