"""Bootstrap every initialisation on shared resamples, for one task and label ratio."""

from pathlib import Path

import pandas as pd

from echoclr_core.cohort import COHORT_STUDIES, SUBSETS
from echoclr_core.evaluate import COMPARISONS, METRICS, evaluate_cohort
from workflow_scripts.lib.grid import COHORTS
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen = settings(snakemake)
    by_patient = chosen.evaluate.pop("cluster") == "patient"
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    subsets = SUBSETS.read(snakemake.input.subsets)
    patients = studies.set_index("study_id")["patient_id"]
    patients = patients.fillna(patients.index.to_series()).to_dict() if by_patient else None
    task, ratio = snakemake.wildcards.task, float(snakemake.wildcards.ratio)
    # .../predictions/<task>/<init>/<ratio>/<draw>/<cohort>.parquet
    cells = {
        (Path(path).parts[-4], Path(path).parts[-2], Path(path).stem): path
        for path in snakemake.input.predictions
    }
    sizes = subsets[(subsets["task"] == task) & ((subsets["ratio"] - ratio).abs() < 1e-9)]
    sizes = sizes.value_counts("draw")
    parts = []
    for draw in snakemake.params.draws:
        predictions = {
            cohort: {init: pd.read_parquet(cells[init, draw, cohort]) for init in snakemake.params.inits}
            for cohort in (*COHORTS, "validation")
        }
        parts += [
            evaluate_cohort(
                predictions[cohort],
                task=task,
                ratio=ratio,
                draw=int(draw),
                cohort=cohort,
                seed=chosen.seed,
                **chosen.evaluate,
                n_labelled_studies=int(sizes[int(draw)]),
                validation=predictions["validation"],
                patients=patients,
            )
            for cohort in COHORTS
        ]
    metrics, comparisons = zip(*parts, strict=True)
    METRICS.write(pd.concat(metrics, ignore_index=True), snakemake.output.metrics)
    COMPARISONS.write(pd.concat(comparisons, ignore_index=True), snakemake.output.comparisons)
