"""Change of AUROC by perturbation, all tasks, with paired intervals."""

from pathlib import Path

import pandas as pd

from echoclr_core.cohort.tables import COHORT_STUDIES
from echoclr_core.evaluate.robustness import robustness_rows
from echoclr_core.evaluate.robustness_tables import PERTURBED, ROBUSTNESS
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.options.base import settings_from
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen = settings(snakemake)
    how = settings_from(EvaluationSettings, chosen.evaluate | {"seed": chosen.seed})
    patients = None
    if how.resample_unit == "patient":
        known = COHORT_STUDIES.read(snakemake.input.studies).set_index("study_id")["patient_id"]
        patients = known.fillna(known.index.to_series()).to_dict()
    # .../predictions/<task>/<init>/<ratio>/<draw>/<cohort>.parquet
    plain = {
        (Path(path).parts[-5], Path(path).stem, Path(path).parts[-4]): path for path in snakemake.input.plain
    }
    rows = [ROBUSTNESS.empty()]
    for path in snakemake.input.perturbed:
        for (task, cohort, ratio), part in PERTURBED.read(path).groupby(["task", "cohort", "ratio"]):
            before = {init: pd.read_parquet(plain[task, cohort, init]) for init in part["init"].unique()}
            after = {
                name: dict(iter(tables.groupby("init")))
                for name, tables in part.groupby("perturbation", sort=False)
            }
            run = {"task": task, "cohort": cohort, "ratio": ratio}
            rows.append(robustness_rows(before, after, **run, settings=how, patients=patients))
    ROBUSTNESS.write(
        pd.concat(rows, ignore_index=True), snakemake.output[0], settings=snakemake.params.settings
    )
