"""What `echoclr doctor` says of installed programs: codecs, OCR models, Kinetics weights, R, SLURM."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from workflow_scripts.cli.findings import Finding
from workflow_scripts.lib.slurm import age_problems, known_partitions

SETUP = "install the locked versions again: make setup"


def software_findings() -> Iterator[Finding]:
    """Codecs, text recognition, R with pROC (optional)."""
    for codec in ("ffv1", "magicyuv"):
        yield codec_finding(codec)
    yield _text_models()
    yield _r()


def codec_finding(codec: str) -> Finding:
    """Write eight random frames with a lossless codec and read them back; they must be equal."""
    from echoclr_core.common.avi_reading import read_avi
    from echoclr_core.common.avi_writing import write_avi

    frames = np.random.default_rng(0).integers(0, 256, (8, 96, 128), dtype=np.uint8)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "check.avi"
            write_avi(path, frames, 30, codec=codec)
            equal = np.array_equal(read_avi(path)[0], frames)
    except (OSError, ValueError) as error:
        return Finding(subject=f"codec {codec}", text=str(error), level="problem", cure=SETUP)
    if equal:
        return Finding(subject=f"codec {codec}", text="written and read back, bit for bit")
    return Finding(subject=f"codec {codec}", text="frames read back differ", level="problem", cure=SETUP)


def _text_models() -> Finding:
    from echoclr_core.deidentify.text.ocr_models import text_models

    try:
        text_models()
    except (ImportError, OSError) as error:
        cure = f"{SETUP}; deidentification and audit look for text with them"
        return Finding(subject="text recognition", text=str(error), level="problem", cure=cure)
    return Finding(subject="text recognition", text="both models load")


def _r() -> Finding:
    if shutil.which("Rscript") is None:
        return Finding(subject="R with pROC", text="not installed; optional, nothing needs it")
    command = ["Rscript", "-e", "cat(as.character(packageVersion('pROC')))"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return Finding(subject="R with pROC", text="R is installed, pROC is not; optional")
    return Finding(subject="R with pROC", text=f"pROC {done.stdout.strip()} (optional)")


def kinetics_finding(config: dict | None) -> Finding:
    """Whether the Kinetics-400 weights are there; a problem only where the study names them."""
    from echoclr_core.models.kinetics import kinetics_file

    named = config["finetune"]["kinetics_weights"] if config else ""
    wanted = config is None or "kinetics400" in config["finetune"]["initialisations"]
    try:
        text = f"{kinetics_file(named).name} is there"
    except FileNotFoundError as error:
        if not wanted:
            return Finding(subject="Kinetics weights", text="not there, and this study does not use them")
        cure = "`make kinetics` with internet access, or finetune.kinetics_weights, or leave kinetics400 out"
        level = "problem" if named else "note"
        return Finding(subject="Kinetics weights", text=str(error), level=level, cure=cure)
    return Finding(subject="Kinetics weights", text=text)


def slurm_findings() -> Iterator[Finding]:
    """Whether SLURM answers, its partitions, and how long it remembers ended jobs (MinJobAge)."""
    if shutil.which("sbatch") is None:
        yield Finding(subject="SLURM", text="not installed here; runs use this machine")
        return
    partitions = known_partitions()
    if not partitions:
        cure = "ask the administrators; without it run on this machine, without profiles/slurm"
        yield Finding(subject="SLURM", text="installed, but does not answer", level="note", cure=cure)
        return
    yield Finding(subject="SLURM", text=f"partitions {', '.join(sorted(partitions))}")
    for line in age_problems("squeue"):
        yield Finding(subject="SLURM", text=line, level="problem", cure="see the text before")
    if not age_problems("squeue"):
        yield Finding(subject="SLURM", text="MinJobAge is long enough for slurm-status-command: squeue")
