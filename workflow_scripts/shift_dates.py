"""Move the date of each study by the patient's secret number of days."""

from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.identifiers.shifted_dates import SHIFTED_DATES, shifted_dates
from workflow_scripts.lib.job import job
from workflow_scripts.lib.secret_key import study_pseudonyms

with job(snakemake, restricted=True) as log:
    catalogue = RESTRICTED_CATALOGUE.read(snakemake.input.crosswalk)
    dates = shifted_dates(catalogue, study_pseudonyms(snakemake.config), snakemake.params.date_shift_days)
    SHIFTED_DATES.write(dates, snakemake.output[0])
    log.info("%d of %d files have a date", dates["shifted_date"].notna().sum(), len(dates))
