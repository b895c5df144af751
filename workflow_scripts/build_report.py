"""Write the one page that holds everything a reader wants."""

import json
from pathlib import Path

import pandas as pd

from echoclr_core import __version__
from echoclr_core.reporting.caption_templates import Captions
from echoclr_core.reporting.report import build_report
from echoclr_core.reporting.sections.assemble import sections
from echoclr_core.reporting.sections.overview import lead
from echoclr_core.reporting.sections.page import Page
from workflow_scripts.lib.job import job
from workflow_scripts.lib.recorded import flat, joined, nested

# The results whose recorded settings the page prints.
MADE = (
    *("files", "audit", "audit_summary", "views_report", "view_decisions", "masked", "studies"),
    *("runs", "selected", "metrics", "saliency_summary"),
)


def listed(paths: str | list[str]) -> list[str]:
    """One path or several, as a list."""
    return [paths] if isinstance(paths, str) else list(paths)


with job(snakemake) as log:
    files = dict(snakemake.input.items())
    config = nested(
        dict(flat(json.loads(snakemake.params.page)))
        | joined(path for name in MADE for path in listed(files[name]))
    )
    captions = Captions(
        [Path(snakemake.scriptdir).parent / path for path in snakemake.params.caption_files],
        config=config,
        params={"n_resamples": config["evaluate"]["n_resamples"], "frames": config["explain"]["frames"]},
    )
    page = Page(
        files=files,
        config=config,
        captions=captions,
        tasks=snakemake.params.tasks,
        inits=snakemake.params.inits,
        methods=snakemake.params.methods,
    )
    build_report(
        snakemake.output[0],
        title=f"EchoCLR study: {config['study']['name']}",
        lead=lead(pd.read_parquet(snakemake.input.metrics), snakemake.params.tasks),
        sections=sections(page),
        footer=f"echoclr-workflow {__version__}, seed {config['study']['seed']}.",
    )
