"""AUROC over draws of the labels and pretrainings: every repeat, means, claims, and how many they need."""

from collections import defaultdict

import pandas as pd

from echoclr_core.cohort.tables import COHORT_STUDIES
from echoclr_core.evaluate.repeat_tables import repeat_tables
from echoclr_core.evaluate.repeats import REPEAT_TABLES
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.options.base import settings_from
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen, params = settings(snakemake), snakemake.params
    how = settings_from(EvaluationSettings, chosen.evaluate | {"seed": chosen.seed})
    patients = None
    if how.resample_unit == "patient":
        studies = COHORT_STUDIES.read(snakemake.input.studies)
        patients = studies.set_index("study_id")["patient_id"]
        patients = patients.fillna(patients.index.to_series()).to_dict()
    cells = defaultdict(lambda: defaultdict(dict))
    for path, cell in zip(snakemake.input.predictions, params.cells, strict=True):
        repeat = tuple(params.repeats[cell["draw"]])
        cells[cell["task"], cell["ratio"], cell["cohort"]][cell["init"]][repeat] = path
    parts = {name: [] for name in REPEAT_TABLES}
    for (task, ratio, cohort), paths in cells.items():
        log.info("%s, ratio %s, %s", task, ratio, cohort)
        found = repeat_tables(
            {
                init: {key: pd.read_parquet(path) for key, path in rows.items()}
                for init, rows in paths.items()
            },
            task=task,
            cohort=cohort,
            ratio=float(ratio),
            settings=how,
            patients=patients,
        )
        for name, table in found.items():
            parts[name].append(table)
    for name, schema in REPEAT_TABLES.items():
        table = pd.concat(parts[name], ignore_index=True)
        schema.write(table, snakemake.output[name], settings=params.settings)
