"""Read the archive's headers, replace identifiers by pseudonyms, sort the files into shards of studies."""

from pathlib import Path

from echoclr_core.cohort.key_match import match_label_file, require_match
from echoclr_core.common.digest import digest
from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.deidentify.identifiers.catalogue import kept_scan, read_archive, removed_studies
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from workflow_scripts.lib.catalogue_record import note_catalogued
from workflow_scripts.lib.job import job
from workflow_scripts.lib.secret_key import study_pseudonyms
from workflow_scripts.lib.source_folder import source_folder, source_key

with job(snakemake, restricted=True) as log, hold_folder(snakemake.params.state):
    params = snakemake.params
    scanned, catalogue = read_archive(
        source_folder(snakemake),
        params.state,
        study_pseudonyms(snakemake.config),
        folder_key=source_key(snakemake),
        study_key=params.study_key,
        outside_links=params.outside_links,
        shards=params.shards,
        workers=snakemake.threads,
    )
    kept_scan(params.state, params.study_key).write(scanned)
    if source_key(snakemake) == "input.dicom_dir":  # new patients have no labels
        # Labels of another archive end the run here, before every video is decoded.
        inputs = snakemake.config["input"]
        require_match(match_label_file(inputs["labels"], inputs["columns"]["study_key"], scanned))
    by_shard = dict(tuple(catalogue.groupby("shard")))
    for path in snakemake.output.shards:
        RESTRICTED_CATALOGUE.write(by_shard.get(int(Path(path).stem), catalogue.iloc[:0]), path)
    RESTRICTED_CATALOGUE.write(catalogue, snakemake.output.crosswalk)
    removed = removed_studies(params.state, catalogue, digest([params.key, params.study_key]))
    write_json(snakemake.output.removed, removed)
    if snakemake.input.get("listed"):
        note_catalogued(params.state)
    log.info("%d files: %s", len(catalogue), catalogue["outcome"].value_counts().to_dict())
    if removed["studies"]:
        log.info("%d studies of earlier catalogues are no longer in the archive", removed["studies"])
