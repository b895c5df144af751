"""List the studies that the last initialisation calls wrongly, and count what they have in common."""

from pathlib import Path

import pandas as pd

from echoclr_core.evaluate.failures import FAILURE_CAUSES, FAILURES, find_failures
from echoclr_core.evaluate.schema import OPERATING_POINTS
from echoclr_core.evaluate.technical import TECHNICAL
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    technical = TECHNICAL.read(snakemake.input.technical)
    points = OPERATING_POINTS.read(snakemake.input.points)
    points = points[(points["criterion"] == "specificity") & (points["draw"] == 0)]
    failures, causes = [FAILURES.empty()], [FAILURE_CAUSES.empty()]
    for path in map(Path, snakemake.input.predictions):
        # .../predictions/<task>/<init>/<ratio>/<draw>/<cohort>.parquet
        task, init, ratio, cohort = *path.parts[-5:-2], path.stem
        chosen = (points["task"] == task) & (points["init"] == init) & (points["cohort"] == cohort)
        chosen &= (points["ratio"] - float(ratio)).abs() < 1e-9
        thresholds = points.loc[chosen, "threshold"]
        if thresholds.empty:
            log.info("%s, %s: no threshold was fixed, nothing is called", task, cohort)
            continue
        run = {"task": task, "init": init, "cohort": cohort}
        wrong, counts = find_failures(pd.read_parquet(path), technical, float(thresholds.iloc[0]), **run)
        failures.append(wrong)
        causes.append(counts)
    FAILURES.write(pd.concat(failures, ignore_index=True), snakemake.output.failures)
    FAILURE_CAUSES.write(pd.concat(causes, ignore_index=True), snakemake.output.causes)
