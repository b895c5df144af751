"""Remove what `make` wrote: environments, caches and the studies of the synthetic cohorts; nothing else.

A study of your own in results/, the archive and anything that carries no mark of the generator stay.
Usage: python3 tools/clean.py [REPOSITORY]
"""

import shutil
import sys
from pathlib import Path

ENVIRONMENTS = (".venv", ".venv-tensorflow")
CACHES = (".pytest_cache", ".ruff_cache", ".hypothesis")
CODE = ("benchmarks", "config", "echoclr_core", "envs", "tests", "tools", "workflow_scripts")
MARK = "SYNTHETIC_COHORT.json"  # as echoclr_core/synthetic/files/own_folder.py
SHIPPED = {
    "demo": "demo_data",
    "smoke": "smoke_data",
    "synthetic_study": "study_data",
    "synthetic_archive": "archive_data",
}
"""study.name to synthetic.folder of each shipped overlay with a synthetic cohort."""


def made_paths(root: Path) -> list[Path]:
    """What may be removed below ``root``."""
    found = [root / name for name in (*ENVIRONMENTS, *CACHES)]
    found += root.glob("*.egg-info")
    found += (path for name in CODE for path in (root / name).rglob("__pycache__"))
    for study, folder in SHIPPED.items():
        # Without its cohort a study of such a name is somebody's own.
        if (root / folder / MARK).is_file():
            found += [root / folder, root / "results" / study]
    return [path for path in found if path.exists() and not path.is_symlink()]


def main(root: Path) -> None:
    """Remove what was made and name what stays."""
    for path in made_paths(root):
        shutil.rmtree(path)
    results = root / "results"
    kept = sorted(path.name for path in results.iterdir()) if results.is_dir() else []
    if kept:
        # .snakemake/ holds what the engine knows of these results: without it they would be made anew.
        print(f"kept: .snakemake/ and results/ ({', '.join(kept)})")
    else:
        shutil.rmtree(root / ".snakemake", ignore_errors=True)
        if results.is_dir() and not results.is_symlink():
            results.rmdir()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
