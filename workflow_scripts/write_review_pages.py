"""HTML pages on which a person decides about single videos."""

from pathlib import Path

import pandas as pd

from echoclr_core.deidentify.review.clips import REVIEW_CLIPS
from echoclr_core.deidentify.review.decisions import read_decisions
from echoclr_core.deidentify.review.page import write_pages
from workflow_scripts.lib.job import job

with job(snakemake, restricted=True) as log:
    clips = pd.concat([REVIEW_CLIPS.read(path) for path in snakemake.input], ignore_index=True)
    decisions = snakemake.config["deidentify"]["decisions"]
    pages = write_pages(
        clips, snakemake.output[0], decisions=read_decisions(decisions) if decisions else None
    )
    log.info("%d videos on %d pages; open %s", len(clips), len(pages), Path(pages[0]).resolve())
