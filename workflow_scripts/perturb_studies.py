"""Score both test sets of a task with perturbed videos, with every initialisation of the most labels."""

import pandas as pd

from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.cohort.training_videos import labelled_videos
from echoclr_core.design.sets import COHORTS, SETS
from echoclr_core.evaluate.robustness_tables import PERTURBED
from echoclr_core.finetune.scoring import predict_together
from echoclr_core.video.perturbed_store import PerturbedStore
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.prediction import load_models

with job(snakemake) as log:
    chosen, compute = settings(snakemake), snakemake.config["compute"]
    paths = dict(zip(snakemake.params.inits, snakemake.input.models, strict=True))
    models, how = load_models(snakemake, chosen, paths)
    videos, studies = COHORT_VIDEOS.read(snakemake.input.videos), COHORT_STUDIES.read(snakemake.input.studies)
    store, found = ClipStore.open_manifest(snakemake.input.store), [PERTURBED.empty()]
    task = snakemake.wildcards.task
    for cohort in COHORTS:
        rows = labelled_videos(videos[videos["set"] == SETS[cohort]], studies, task)
        for name in chosen.perturbations if models else ():
            log.info("%s, %s test set", name, cohort)
            tables = predict_together(
                models,
                PerturbedStore(store, name, seed=chosen.seed),
                rows,
                how,
                device=compute["device"],
                precision=compute["precision"],
                jobs_per_gpu=compute["jobs_per_gpu"],
                workers=compute["loader_workers"],
                study_score=chosen.study_score,
            )
            run = {"task": task, "ratio": float(snakemake.params.ratio), "cohort": cohort}
            found += [
                table.drop_duplicates("study_id").assign(init=init, perturbation=name, **run)
                for init, table in tables.items()
                if len(table)
            ]
    columns = list(PERTURBED.columns)
    PERTURBED.write(pd.concat([table[columns] for table in found], ignore_index=True), snakemake.output[0])
