"""Labels of the studies from the table of videos, under pseudonyms."""

from echoclr_core.cohort.ages import age_columns, cap_ages
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.labels import apply_pseudonyms
from echoclr_core.cohort.video_table import read_video_table
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.label_columns import published_record
from workflow_scripts.lib.secret_key import study_pseudonyms
from workflow_scripts.lib.video_table import video_layout

with job(snakemake, restricted=True) as log:
    chosen = settings(snakemake)
    labels = read_video_table(snakemake.config["input"]["avi"]["table"], video_layout(chosen)).labels
    pseudonyms = study_pseudonyms(snakemake.config)
    table = apply_pseudonyms(labels, study=pseudonyms.study, patient=pseudonyms.patient)
    for name in age_columns(table.columns, chosen.age_column):
        table = cap_ages(table, name, chosen.max_age)
    LABELS.write(table, snakemake.output[0], settings=published_record(snakemake.params.settings))
    log.info("%d studies; columns %s", len(table), list(table.columns))
