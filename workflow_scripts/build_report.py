"""Write the one page that holds everything a reader wants."""

import json

import pandas as pd

from echoclr_core import __version__
from echoclr_core.reporting.caption_templates import Captions
from echoclr_core.reporting.report import build_report
from echoclr_core.reporting.sections.assemble import sections
from echoclr_core.reporting.sections.overview import lead
from echoclr_core.reporting.sections.page import Page
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    config = json.loads(snakemake.params.config)
    study = {"name": config.pop("name"), "seed": config.pop("seed")}
    captions = Captions(
        snakemake.input.captions,
        config={"study": study, **config},
        params={"n_resamples": config["evaluate"]["n_resamples"], "frames": config["explain"]["frames"]},
    )
    page = Page(
        files=dict(snakemake.input.items()),
        config={"study": study, **config},
        captions=captions,
        tasks=snakemake.params.tasks,
        inits=snakemake.params.inits,
        methods=snakemake.params.methods,
    )
    build_report(
        snakemake.output[0],
        title=f"EchoCLR study: {study['name']}",
        lead=lead(pd.read_parquet(snakemake.input.metrics), snakemake.params.tasks),
        sections=sections(page),
        footer=f"echoclr-workflow {__version__}, seed {study['seed']}.",
    )
