"""The configuration of a study as Snakemake merges it, for commands that read it themselves."""

import argparse
import os
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from workflow_scripts.cli.errors import CommandError
from workflow_scripts.lib.config_checks import resolve_config

ROOT = Path(__file__).resolve().parents[2]
"""The repository: Snakefile, config.yaml, rules and profiles lie there."""


def add_study_arguments(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """The options that name a study: ``--configfile`` and ``--directory``."""
    parser.add_argument(
        "--configfile",
        nargs="+",
        default=[],
        required=required,
        metavar="FILE",
        help="overlays, laid over config.yaml of the repository in this order",
    )
    parser.add_argument(
        "--directory",
        default=".",
        metavar="DIR",
        help="the working directory: results/ is written there, and paths of the configuration are relative "
        "to it (default: the current folder)",
    )


def enter_directory(arguments: argparse.Namespace) -> None:
    """Make overlay paths absolute and change to ``--directory``.

    Raises
    ------
    CommandError
        A file or the folder does not exist.
    """
    arguments.configfile = [str(Path(name).resolve()) for name in arguments.configfile]
    for name in arguments.configfile:
        if not Path(name).is_file():
            raise CommandError(f"--configfile: there is no {name}")
    if not Path(arguments.directory).is_dir():
        raise CommandError(f"--directory: there is no folder {arguments.directory}")
    os.chdir(arguments.directory)


def merged(overlays: list[str]) -> dict:
    """config.yaml with the overlays over it, as Snakemake merges them, not checked."""
    config: dict = {}
    for name in (str(ROOT / "config.yaml"), *overlays):
        try:
            update_config(config, load_configfile(name))
        except (WorkflowError, ValueError, OSError) as error:
            raise CommandError(f"{name}: {error}") from error
    return config


def resolved(overlays: list[str], *, check_paths: bool = True) -> dict:
    """:func:`merged` and checked, with defaults filled in; CommandError lists every problem."""
    try:
        return resolve_config(merged(overlays), ROOT, check_paths=check_paths)
    except WorkflowError as error:
        raise CommandError(str(error)) from error
