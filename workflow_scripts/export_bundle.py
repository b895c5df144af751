"""Write the bundle of one task and initialisation."""

import shutil
from pathlib import Path

from echoclr_core.predict.export import export_bundle
from echoclr_core.reporting.style import own_initialisations
from echoclr_core.training.threads import use_threads
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.exporting import card_tables, exported_study
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    use_threads(snakemake.threads)
    compute, target = snakemake.config["compute"], Path(snakemake.output[0])
    unfinished = target.with_name(f".{target.name}.unfinished")  # a bundle is there whole or not at all
    shutil.rmtree(unfinished, ignore_errors=True)
    description = export_bundle(
        unfinished,
        exported_study(snakemake, settings(snakemake)),
        ClipStore.open_manifest(snakemake.input.store),
        card_tables(snakemake),
        device=compute["device"],
        workers=compute["loader_workers"],
    )
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    log.info("%d models; thresholds %s", len(description["models"]), description["thresholds"])
