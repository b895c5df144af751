"""Read the archive's headers, replace identifiers by pseudonyms, sort the files into shards of studies."""

from pathlib import Path

from echoclr_core.deidentify.key import load_key
from echoclr_core.deidentify.pseudonyms import RESTRICTED_CATALOGUE, Pseudonyms, pseudonymise
from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.dicom.tables import CATALOGUE
from workflow_scripts.lib.job import job

with job(snakemake, restricted=True) as log:
    params = snakemake.params
    state = Path(params.state)
    # What an earlier scan read is not read again: the state is no declared output, so it outlives a rerun.
    known = CATALOGUE.read(state) if state.exists() else None
    scanned = scan_archive(
        snakemake.input.dicom, study_key=params.study_key, workers=snakemake.threads, known=known
    )
    CATALOGUE.write(scanned, state)
    pseudonyms = Pseudonyms(load_key(str(snakemake.input.key) or None))
    catalogue = pseudonymise(scanned, pseudonyms, params.shards, date_shift_days=params.date_shift_days)
    by_shard = dict(tuple(catalogue.groupby("shard")))
    for number, path in enumerate(snakemake.output.shards):
        RESTRICTED_CATALOGUE.write(by_shard.get(number, catalogue.iloc[:0]), path)
    RESTRICTED_CATALOGUE.write(catalogue, snakemake.output.crosswalk)
    log.info("%d files: %s", len(catalogue), catalogue["outcome"].value_counts().to_dict())
