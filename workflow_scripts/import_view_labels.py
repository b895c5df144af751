"""Translate the table of labelled views into pseudonyms."""

import pandas as pd

from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.views.labels import join_view_labels, read_view_labels
from echoclr_core.views.tables import VIEW_LABELS
from workflow_scripts.lib.job import job, settings

with job(snakemake, restricted=True) as log:
    catalogue = pd.concat([RESTRICTED_CATALOGUE.read(path) for path in snakemake.input.catalog])
    released = "view" in settings(snakemake).released_columns
    provided = read_view_labels(snakemake.config["views"]["labels"], released=released)
    labelled, unmatched = join_view_labels(provided, catalogue)
    VIEW_LABELS.write(labelled, snakemake.output[0])
    log.info("%d labelled videos, %d rows without a video in the archive", len(labelled), unmatched)
