"""Predict the validation set and both test sets with the selected models of a task, ratio and draw."""

from echoclr_core.common.digest import file_digest
from echoclr_core.design.sets import PREDICTION_SETS
from workflow_scripts.lib.finished import digest_entry, finished_results
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    inits = snakemake.params.inits
    models = dict(zip(inits, snakemake.input.models, strict=True))
    targets = {
        init: {cohort: snakemake.output[cohort][place] for cohort in PREDICTION_SETS}
        for place, init in enumerate(inits)
    }
    kept = {
        init: finished_results(
            snakemake,
            f"{snakemake.params.finished}/{init}",
            data=digest_entry(snakemake.input.digest, "prediction", "validation"),
            model=[snakemake.wildcards.task, init, file_digest(path)],
        )
        for init, path in models.items()
    }
    due = [init for init in inits if not kept[init].restore(targets[init])]
    log.info("to predict: %s; finished before and put in place: %s", due, [i for i in inits if i not in due])
    if due:
        from workflow_scripts.lib.prediction import predict  # torch: seconds to load

        predict(snakemake, settings(snakemake), {init: models[init] for init in due}, targets)
        for init in due:
            kept[init].keep(targets[init])
