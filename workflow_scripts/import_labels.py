"""Read the labels and replace their identifiers by pseudonyms."""

from echoclr_core.cohort.ages import age_columns, cap_ages
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.labels import apply_pseudonyms, read_labels
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.label_columns import label_columns, published_record
from workflow_scripts.lib.secret_key import study_pseudonyms

with job(snakemake, restricted=True) as log:
    chosen = settings(snakemake)
    labels = read_labels(snakemake.config["input"]["labels"], label_columns(chosen))
    pseudonyms = study_pseudonyms(snakemake.config)
    table = apply_pseudonyms(labels, study=pseudonyms.study, patient=pseudonyms.patient)
    for name in age_columns(table.columns, chosen.age_column):
        table = cap_ages(table, name, chosen.max_age)
    LABELS.write(table, snakemake.output[0], settings=published_record(snakemake.params.settings))
    log.info("%d labelled studies; columns %s", len(table), list(table.columns))
