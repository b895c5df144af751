"""The configuration of a study from its overlay, as Snakemake would resolve it."""

from pathlib import Path

import yaml
from snakemake.utils import update_config

from workflow_scripts.lib.config_checks import resolve_config

ROOT = Path(__file__).resolve().parents[1]


def study_config(overlay: Path) -> dict:
    """``config.yaml`` with ``overlay`` merged over it and defaults filled in; paths are not looked at."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, yaml.safe_load(overlay.read_text(encoding="utf-8")))
    return resolve_config(config, ROOT, check_paths=False)
