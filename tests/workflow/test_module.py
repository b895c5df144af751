"""The workflow as a module of another Snakemake workflow."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
IMPORTER = """
configfile: "study.yaml"

module echo:
    snakefile: "{snakefile}"
    config: config

use rule * from echo as echo_*
"""


def test_another_workflow_can_use_the_rules(tmp_path):
    """Paths of this repository are found from its own files, not from those of the importing workflow."""
    (tmp_path / "Snakefile").write_text(IMPORTER.format(snakefile=ROOT / "Snakefile"))
    (tmp_path / "study.yaml").write_text((ROOT / "config" / "smoke.yaml").read_text())
    done = subprocess.run([SNAKEMAKE, "-n"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"echo_pretrain_encoder +\d", done.stdout)
