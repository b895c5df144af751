"""Read the labels and replace their identifiers by pseudonyms."""

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.labels import LABELS, apply_pseudonyms, cap_ages, read_labels
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.secret_key import study_pseudonyms

with job(snakemake, restricted=True) as log:
    chosen = settings(snakemake)
    labels = read_labels(
        snakemake.config["input"]["labels"], LabelColumns(**chosen.columns, extra=tuple(chosen.extra_columns))
    )
    pseudonyms = study_pseudonyms(snakemake.config)
    table = apply_pseudonyms(labels, study=pseudonyms.study, patient=pseudonyms.patient)
    table = cap_ages(table, chosen.age_column, chosen.max_age)
    LABELS.write(table, snakemake.output[0])
    log.info("%d labelled studies; columns %s", len(table), list(table.columns))
