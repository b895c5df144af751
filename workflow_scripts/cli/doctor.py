"""`echoclr doctor`: in seconds, what would stop a run after hours, each finding with its cure."""

import argparse
import shutil
from pathlib import Path

from echoclr_core.design.sources import is_synthetic
from workflow_scripts.cli import study_checks
from workflow_scripts.cli.configuration import add_study_arguments, enter_directory, resolved
from workflow_scripts.cli.errors import FAILED, OK, CommandError
from workflow_scripts.cli.findings import Finding, show
from workflow_scripts.cli.machine_checks import gpu_findings, machine_findings
from workflow_scripts.cli.software_checks import kinetics_finding, slurm_findings, software_findings

EXAMPLES = """  echoclr doctor                           this machine
  echoclr doctor --configfile mine.yaml    this machine, the configuration and its inputs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The study, if one is to be checked."""
    add_study_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; FAILED where one of them would stop a run."""
    enter_directory(arguments)
    found = show("Machine", [*machine_findings(), *gpu_findings()])
    found += show("Programs", [*software_findings(), *slurm_findings()])
    if arguments.configfile:
        found += _study(arguments.configfile)
    else:
        found += show("Study", [kinetics_finding(None), _free_disk()])
        print("\nNo --configfile was named: configuration and inputs were not looked at.")
    problems = sum(finding.level == "problem" for finding in found)
    notes = sum(finding.level == "note" for finding in found)
    print(f"\n{len(found)} findings: {problems} problem(s), {notes} note(s)")
    return FAILED if problems else OK


def _study(overlays: list[str]) -> list[Finding]:
    try:
        config = resolved(overlays)
    except CommandError as error:
        cure = "docs/configuration.md explains every key"
        return show("Study", [Finding(subject="configuration", text=str(error), level="problem", cure=cure)])
    synthetic = is_synthetic(config)
    found = show("Configuration", study_checks.configuration_findings(config, synthetic=synthetic))
    found += show("Weights", [kinetics_finding(config)])
    folder = config["input"]["dicom_dir"]
    if synthetic:
        print("\nThe study is one of the synthetic cohort, which is made by the run: no inputs to look at.")
    elif folder and Path(folder).is_dir():
        archive = study_checks.list_archive(folder)
        found += show("Archive", study_checks.archive_findings(config, archive))
        found += show("Labels", study_checks.label_findings(config))
        found += show("Views", study_checks.view_findings(config))
    return found


def _free_disk() -> Finding:
    return Finding(subject="disk", text=f"{shutil.disk_usage('.').free / 1e9:.1f} GB free in this folder")
