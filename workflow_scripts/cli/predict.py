"""`echoclr predict`: new patients scored with an exported bundle, without a workflow."""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from workflow_scripts.cli.errors import FAILED, OK, CommandError

EXAMPLES = """  echoclr predict dicom/ --model results/demo/export/lvh_echoclr --out scored
  echoclr predict dicom/ --model bundle/ --out scored --key /safe/place/pseudonym.key"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Folder, bundle and results."""
    parser.add_argument(
        "dicom_dir", metavar="DICOM_DIR", help="folder of DICOM files, of one study or several"
    )
    parser.add_argument("--model", required=True, metavar="BUNDLE", help="folder that `export` wrote")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the results")
    parser.add_argument("--key", metavar="FILE", help="key of the pseudonyms (default: one that is not kept)")
    parser.add_argument(
        "--study-key",
        default="StudyInstanceUID",
        metavar="KEYWORD",
        help="DICOM keyword that names the study, or folder (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes (default: usable cores)"
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="default: %(default)s")
    parser.add_argument("--no-pages", action="store_true", help="write no HTML page for each study")


def run(arguments: argparse.Namespace) -> int:
    """Score and print one line a study; FAILED where no study could be scored."""
    if not Path(arguments.dicom_dir).is_dir():
        raise CommandError(f"DICOM_DIR: there is no folder {arguments.dicom_dir}")
    if not (Path(arguments.model) / "bundle.json").is_file():
        raise CommandError(f"--model: {arguments.model} is no bundle; name a folder that `export` wrote")
    # Only now: PyTorch takes seconds to load, and a wrong path is told at once.
    from echoclr_core.deidentify.identifiers.secret_key import load_key
    from echoclr_core.predict.one_study import predict_study
    from echoclr_core.training.gpu import GpuUnusableError

    try:
        table = predict_study(
            arguments.dicom_dir,
            arguments.model,
            arguments.out,
            key=load_key(arguments.key) if arguments.key else None,
            study_key=arguments.study_key,
            workers=arguments.workers or len(os.sched_getaffinity(0)),
            device=arguments.device,
            pages=not arguments.no_pages,
            on_stage=lambda stage: print(f"{stage} ...", file=sys.stderr, flush=True),
        )
    except GpuUnusableError as error:
        raise CommandError(f"--device {arguments.device}: {error}") from error
    except (ValueError, FileNotFoundError) as error:
        raise CommandError(str(error)) from error
    scored = table["probability"].notna()
    for row in table.to_dict("records"):
        known = not pd.isna(row["probability"])
        print(
            f"{row['study_id']} {row['task']}: " + (f"{row['probability']:.3f}" if known else row["reason"])
        )
    counts = f"{int(scored.sum())} of {len(table)} studies scored"
    print(f"{counts}; tables and pages in {arguments.out}/; research use only")
    return OK if scored.any() else FAILED
