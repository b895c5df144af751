"""Evaluate every initialisation on shared resamples, for one task and label ratio."""

from itertools import product

import pandas as pd

from echoclr_core.cohort.tables import COHORT_STUDIES, SUBSETS
from echoclr_core.design.sets import COHORTS, PREDICTION_SETS
from echoclr_core.evaluate.curve_tables import benefit_curves, ranking_curves, recalibrated_curves
from echoclr_core.evaluate.details import calibration_tables, operating_points, subgroup_metrics, view_metrics
from echoclr_core.evaluate.differences import subgroup_differences
from echoclr_core.evaluate.schema import EVALUATION
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.evaluate.studies import evaluate_cohort
from echoclr_core.evaluate.technical import TECHNICAL, with_technical
from echoclr_core.options.base import settings_from
from workflow_scripts.lib.job import job, settings

NO_MODEL = "no learning rate gave a finite validation loss"

with job(snakemake) as log:
    chosen = settings(snakemake)
    how = settings_from(EvaluationSettings, chosen.evaluate | {"seed": chosen.seed})
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    described = with_technical(studies, TECHNICAL.read(snakemake.input.technical))
    patients = None
    if how.resample_unit == "patient":
        patients = studies.set_index("study_id")["patient_id"]
        patients = patients.fillna(patients.index.to_series()).to_dict()
    task, ratio = snakemake.wildcards.task, float(snakemake.wildcards.ratio)
    params = snakemake.params
    # in the order of the rule's expand()
    runs = product(params.inits, params.draws, PREDICTION_SETS)
    predictions = dict(zip(runs, snakemake.input.predictions, strict=True))
    # labelled studies of each draw of the labels
    sizes = [len(SUBSETS.read(path)) for path in snakemake.input.subsets]
    parts = {name: [] for name in EVALUATION}
    for number, (draw, label_draw) in enumerate(zip(params.draws, params.label_draws, strict=True)):
        scored = {
            cohort: {init: pd.read_parquet(predictions[init, draw, cohort]) for init in params.inits}
            for cohort in PREDICTION_SETS
        }
        for cohort in COHORTS:
            if cohort == "external" and all(table.empty for table in scored[cohort].values()):
                log.info("no study in the external set: nothing to evaluate there")
                continue
            # Without predictions where others have some: no learning rate gave a model.
            failed = [init for init, table in scored[cohort].items() if table.empty]
            models = {init: table for init, table in scored[cohort].items() if init not in failed}
            if not models:
                log.warning("%s, draw %s: %s, for no initialisation", cohort, draw, NO_MODEL)
                continue
            run = {"task": task, "ratio": ratio, "draw": number, "cohort": cohort}
            metrics, comparisons = evaluate_cohort(
                models,
                **run,
                settings=how,
                comparisons=how.comparisons,
                n_labelled_studies=sizes[label_draw],
                validation=scored["validation"],
                patients=patients,
                failed=dict.fromkeys(failed, NO_MODEL),
            )
            parts["metrics"].append(metrics)
            parts["comparisons"].append(comparisons)
            parts["operating_points"].append(
                operating_points(models, scored["validation"], **run, settings=how)
            )
            lines, curves = calibration_tables(
                models, **run, settings=how, validation=scored["validation"], patients=patients
            )
            parts["calibration"].append(lines)
            parts["calibration_curve"].append(curves)
            parts["recalibrated_curve"].append(
                recalibrated_curves(models, scored["validation"], **run, settings=how)
            )
            parts["curves"].append(ranking_curves(models, **run, settings=how, patients=patients))
            parts["decision_curves"].append(benefit_curves(models, **run, settings=how, patients=patients))
            parts["subgroups"].append(
                subgroup_metrics(models, described, **run, settings=how, patients=patients)
            )
            parts["subgroup_differences"].append(
                subgroup_differences(models, described, **run, settings=how, patients=patients)
            )
            parts["subgroups"].append(view_metrics(models, **run, settings=how, patients=patients))
    for name, schema in EVALUATION.items():
        schema.write(
            pd.concat(parts[name] or [schema.empty()], ignore_index=True),
            snakemake.output[name],
            settings=snakemake.params.settings,
        )
