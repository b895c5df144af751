"""`echoclr deidentify`: from a folder of DICOM files to deidentified videos and their page; no labels."""

import argparse
import os
from pathlib import Path

import yaml

from workflow_scripts.cli import deidentified_page
from workflow_scripts.cli.errors import FAILED, OK, CommandError
from workflow_scripts.cli.run import unlock_if_ended
from workflow_scripts.cli.snakemake_line import run_line, snakemake_line

EXAMPLES = """  echoclr deidentify dicom/ out --cores 8
  echoclr deidentify dicom/ out --key /safe/place/pseudonym.key --study-key AccessionNumber
  echoclr deidentify dicom/ out --decisions decisions.csv      as decided on the review page
  echoclr deidentify dicom/ out          started again: goes on where it stopped, takes new files in"""
NAME = "deidentified"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Folders, key, and what is done with text."""
    parser.add_argument("dicom_dir", metavar="DICOM_DIR", help="folder of DICOM files: any tree, any names")
    parser.add_argument("out", metavar="OUT", help="folder of the results; made where it is not there")
    parser.add_argument(
        "--key",
        metavar="FILE",
        help="key of the pseudonyms (default: OUT/restricted/pseudonym.key, made once)",
    )
    parser.add_argument(
        "--study-key", default="StudyInstanceUID", metavar="KEYWORD", help="default: %(default)s"
    )
    parser.add_argument("--text-inside", choices=("quarantine", "mask"), default="quarantine")
    parser.add_argument(
        "--decisions", metavar="FILE", help="decisions.csv of the review page (OUT/index.html names it)"
    )
    parser.add_argument(
        "--dicom", action="store_true", help="write DICOM files beside the videos: OUT/results/*/dicom"
    )
    parser.add_argument("--codec", choices=("magicyuv", "ffv1", "mjpeg"), default="ffv1")
    parser.add_argument("--cores", default="all", metavar="N", help="default: %(default)s")
    parser.add_argument("--profile", default="default", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, run nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the target `deidentify` in OUT with an overlay of its own; write OUT/index.html."""
    source, out = Path(arguments.dicom_dir).resolve(), Path(arguments.out).resolve()
    if not source.is_dir():
        raise CommandError(f"DICOM_DIR: there is no folder {arguments.dicom_dir}")
    if out.exists() and not out.is_dir():
        raise CommandError(f"OUT: {arguments.out} is a file; name a folder")
    if out.is_relative_to(source) or source.is_relative_to(out):
        raise CommandError("OUT: lies within DICOM_DIR, or the reverse; name a folder beside it")
    if arguments.cores != "all" and not arguments.cores.isdigit():
        raise CommandError(f"--cores: {arguments.cores!r}; allowed is a number or all")
    key = Path(arguments.key).resolve() if arguments.key else None
    if key is not None and not key.is_file():
        raise CommandError(f"--key: there is no file {arguments.key}")
    decisions = Path(arguments.decisions).resolve() if arguments.decisions else None
    if decisions is not None and not decisions.is_file():
        raise CommandError(f"--decisions: there is no file {arguments.decisions}")
    overlay = _prepare(out, source, key, arguments)
    os.chdir(out)
    options = ["--cores", arguments.cores, *(["--dry-run"] if arguments.dry_run else [])]
    line = snakemake_line(["deidentify"], [str(overlay)], *options, profile=arguments.profile)
    if not arguments.dry_run:
        unlock_if_ended([str(overlay)], arguments.profile)
    code = run_line(line)
    if not arguments.dry_run and _audited(out / "results" / NAME):
        # A target of its own: the pages are wanted most where the audit has ended the run.
        review = snakemake_line(["review"], [str(overlay)], *options, profile=arguments.profile)
        code = run_line(review) or code
    if not arguments.dry_run and (out / "results" / NAME).is_dir():
        page = deidentified_page.write_page(out / "results" / NAME, out / "index.html")
        print(f"{page.summary}\nopen {out / 'index.html'}")
    return FAILED if code else OK


def _audited(results: Path) -> bool:
    """Whether every shard was deidentified and audited, so that the pages need no decoding of the archive."""
    shards = len(list(results.glob("restricted/catalog/[0-9]*.parquet")))
    return 0 < shards == len(list(results.glob("deidentified/audit/[0-9]*.parquet")))


def _prepare(out: Path, source: Path, key: Path | None, arguments: argparse.Namespace) -> Path:
    """Make OUT/restricted (mode 0700) with the overlay, which names the source, and the key."""
    from echoclr_core.deidentify.identifiers.secret_key import make_key

    restricted = out / "restricted"
    restricted.mkdir(parents=True, exist_ok=True)
    restricted.chmod(0o700)
    if key is None:
        key = restricted / "pseudonym.key"
        if not key.exists():
            make_key(key)
    content = {
        "study": {"name": NAME},
        "input": {
            "dicom_dir": str(source),
            "labels": str(restricted / "no_labels.csv"),  # must be named; this target reads none
            "pseudonym_key_file": str(key),
            "study_key": arguments.study_key,
        },
        "deidentify": {
            "keep_videos": True,
            "text_inside": arguments.text_inside,
            "codec": arguments.codec,
            "write_dicom": arguments.dicom,
            "decisions": None if arguments.decisions is None else str(Path(arguments.decisions).resolve()),
        },
        "finetune": {"tasks": []},
        "explain": {"tasks": []},
    }
    overlay = restricted / "deidentify.yaml"
    overlay.write_text("# written by echoclr deidentify\n" + yaml.safe_dump(content), encoding="utf-8")
    return overlay
