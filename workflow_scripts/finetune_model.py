"""Fine-tune one model: one task, initialisation, label subset and learning rate."""

import shutil
from pathlib import Path

from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.lifetime import GRACE_SECONDS
from workflow_scripts.lib.finished import digest_entry, finished_results, weights_entry
from workflow_scripts.lib.job import job, settings

# Held until the results are written and the state is removed: an orphan of an earlier run may still be at it.
with (
    job(snakemake, attempt_log=f"{snakemake.params.state}/attempts.log") as log,
    hold_folder(snakemake.params.state, wait_seconds=GRACE_SECONDS),
):
    cell, params = snakemake.wildcards, snakemake.params
    outputs = {name: snakemake.output[name] for name in ("model", "history", "timings", "run")}
    kept = finished_results(
        snakemake,
        params.finished,
        data=digest_entry(snakemake.input.digest, "training", "validation"),
        weights=weights_entry(str(snakemake.input.weights)) or params.provided_weights,
        initialisation=params.initialisation,
        model=[cell.task, cell.init, cell.lr, params.label_draw, params.pretraining],
        label_rule=params.label_rule,
    )
    if kept.restore(outputs):
        log.info(
            "finished before with the same settings, data, weights and code: its results are put in place"
        )
    else:
        from workflow_scripts.lib.finetuning import train_model, write_model  # torch: seconds to load

        write_model(train_model(snakemake, settings(snakemake)), snakemake)
        kept.keep(outputs)
    # The results are written: what an interrupted attempt would have resumed from is not needed any more.
    shutil.rmtree(Path(params.state), ignore_errors=True)
