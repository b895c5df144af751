"""Table 1 and Table S1: the cohort described."""

from echoclr_core.cohort.table1 import table1
from echoclr_core.cohort.tables import COHORT_STUDIES
from echoclr_core.reporting.tables import write_table
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    for full, paths in ((False, snakemake.output.table1), (True, snakemake.output.table_s1)):
        titles, least = dict(snakemake.params.titles), snakemake.params.least_cell
        text, _ = table1(studies, titles=titles, full=full, least_cell=least)
        write_table(text, paths[0].removesuffix(".csv"))
