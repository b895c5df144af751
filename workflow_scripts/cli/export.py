"""`echoclr export`: bundles of the trained models; the target `export` of the workflow."""

import argparse

from workflow_scripts.cli import run as run_command

EXAMPLES = """  echoclr export --configfile mine.yaml              bundles in results/<study>/export/
  echoclr export --dry-run --configfile mine.yaml    what would run for it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As `run`, without targets."""
    run_command.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the target `export` and all that it needs."""
    arguments.targets = ["export"]
    return run_command.run(arguments)
