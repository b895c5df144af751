"""Read the archive's headers, replace identifiers by pseudonyms, sort the files into shards of studies."""

import errno

from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.kept_table import KeptTable
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE, pseudonymise
from echoclr_core.dicom.catalogue import scan_archive, scan_key
from echoclr_core.dicom.tables import CATALOGUE
from workflow_scripts.lib.job import job
from workflow_scripts.lib.label_keys import require_labels_in
from workflow_scripts.lib.secret_key import study_pseudonyms
from workflow_scripts.lib.source_folder import source_folder, source_key

with job(snakemake, restricted=True) as log, hold_folder(snakemake.params.state):
    params = snakemake.params
    # What an earlier scan read is not read again: the state is no declared output, so it outlives a rerun.
    kept = KeptTable(params.state, CATALOGUE, scan_key(params.study_key))
    scanned = scan_archive(
        source_folder(snakemake),
        study_key=params.study_key,
        workers=snakemake.threads,
        follow_outside=params.outside_links == "follow",
        known=kept.read(),
    )
    if scanned.empty:  # an empty catalogue would remove every study from what follows
        raise OSError(errno.ENOTCONN, f"{source_key(snakemake)} holds no file: is the folder mounted?")
    kept.write(scanned)
    if source_key(snakemake) == "input.dicom_dir":  # new patients have no labels
        # Labels of another archive end the run here, before every video is decoded.
        require_labels_in(snakemake.config["input"], scanned)
    pseudonyms = study_pseudonyms(snakemake.config)
    catalogue = pseudonymise(scanned, pseudonyms, params.shards, date_shift_days=params.date_shift_days)
    by_shard = dict(tuple(catalogue.groupby("shard")))
    for number, path in enumerate(snakemake.output.shards):
        RESTRICTED_CATALOGUE.write(by_shard.get(number, catalogue.iloc[:0]), path)
    RESTRICTED_CATALOGUE.write(catalogue, snakemake.output.crosswalk)
    log.info("%d files: %s", len(catalogue), catalogue["outcome"].value_counts().to_dict())
