"""The statistics of the study for anybody's predictions: any tasks, sets and models."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from echoclr_core.evaluate.curve_tables import benefit_curves, ranking_curves
from echoclr_core.evaluate.delong import delong_test
from echoclr_core.evaluate.details import calibration_tables, operating_points
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.metrics import auroc
from echoclr_core.evaluate.prediction_file import Predictions
from echoclr_core.evaluate.resampling import resampling_stream
from echoclr_core.evaluate.roc_test import roc_tests
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.studies import evaluate_cohort, metric_rows
from echoclr_core.evaluate.subgroups import MISSING, age_band

COHORT = "internal"  # what the tables of the study call a set; replaced by the set's own name
STUDY_COLUMNS = ("ratio", "draw", "n_labelled_studies", "cohort")
MAX_LEVELS = 12
TABLES = (
    *("metrics", "comparisons", "calibration", "calibration_curve", "curves", "decision_curves"),
    *("operating_points", "subgroups"),
)


def all_pairs(models: Sequence[str]) -> list[tuple[str, str]]:
    """Each two models."""
    return list(combinations(models, 2))


def evaluate_predictions(
    predictions: Predictions,
    *,
    settings: EvaluationSettings | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    alternative: str = "two-sided",
    validation: str = "",
) -> dict[str, pd.DataFrame]:
    """Every table of TABLES, each with the columns task and set before those of the study's tables.

    Parameters
    ----------
    predictions
        See :func:`~echoclr_core.evaluate.prediction_file.read_predictions`.
    settings
        Resamples, seed, level of the intervals.
    pairs
        Models to compare, tested for the first above the second where ``alternative`` is "greater"; None:
        each two.
    alternative
        "two-sided", "greater" or "less".
    validation
        The set on which thresholds are fixed; it is evaluated like the others. "" gives no operating points.

    Returns
    -------
    dict
        metrics (with bootstrap intervals), comparisons (paired tests, Holm within task and set), calibration,
        calibration_curve, curves, decision_curves, operating_points, subgroups. Numbers are missing with
        fewer than 5 cases or controls.

    Raises
    ------
    ValueError
        ``pairs`` or ``validation`` name what is not there.
    """
    how = settings or EvaluationSettings()
    pairs = all_pairs(predictions.models) if pairs is None else list(pairs)
    unknown = sorted({model for pair in pairs for model in pair} - set(predictions.models))
    if unknown:
        raise ValueError(f"comparisons name {unknown}; the models are {predictions.models}")
    sets = list(dict.fromkeys(predictions.rows["set"]))
    if validation and validation not in sets:
        raise ValueError(f"the validation set {validation!r} is no set of the table; there are {sets}")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for (task, part), rows in predictions.rows.groupby(["task", "set"], sort=False):
        fixed_on = predictions.rows[
            (predictions.rows["task"] == task) & (predictions.rows["set"] == validation)
        ]
        found = _one_set(task, rows, fixed_on if part != validation else rows.head(0), predictions, how)
        found["comparisons"] = _comparisons(task, rows, pairs, how, alternative)
        found["subgroups"] = _subgroups(task, rows, predictions, how)
        for name, table in found.items():
            parts[name].append(_named(table, task, part))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _one_set(
    task: str, rows: pd.DataFrame, fixed_on: pd.DataFrame, predictions: Predictions, how: EvaluationSettings
) -> dict[str, pd.DataFrame]:
    run = {"task": task, "ratio": 1.0, "draw": 0, "cohort": COHORT, "settings": how}
    models = _by_model(rows, predictions.models)
    patients = rows.set_index("study")["patient"].to_dict() if "patient" in rows else None
    metrics, _ = evaluate_cohort(models, **run, comparisons=[], patients=patients)
    fixed = _by_model(fixed_on, predictions.models) if len(fixed_on) else None
    calibration, curve = calibration_tables(models, **run, validation=fixed, patients=patients)
    return {
        "metrics": metrics.dropna(axis="columns", how="all"),
        "calibration": calibration,
        "calibration_curve": curve,
        "curves": ranking_curves(models, **run, patients=patients),
        "decision_curves": benefit_curves(models, **run, patients=patients),
        "operating_points": operating_points(models, fixed, **run) if fixed else pd.DataFrame(),
    }


def _by_model(rows: pd.DataFrame, models: Sequence[str]) -> dict[str, pd.DataFrame]:
    names = {"study": "study_id"}
    return {
        model: rows[["study", "label"]].rename(columns=names).assign(study_probability=rows[model])
        for model in models
    }


def _scores(rows: pd.DataFrame, models: Sequence[str]) -> Mapping[str, np.ndarray]:
    return {model: rows[model].to_numpy() for model in models}


def _comparisons(
    task: str, rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], how: EvaluationSettings, alternative: str
) -> pd.DataFrame:
    """Paired tests of AUROC on shared resamples; no p with fewer than MIN_PER_CLASS cases or controls."""
    rows = rows.sort_values("study")
    labels = rows["label"].to_numpy()
    smaller = min(int(labels.sum()), int((labels == 0).sum()))
    scores = _scores(rows, list(dict.fromkeys(model for pair in pairs for model in pair)))
    lines = [{"model_a": a, "model_b": b, "alternative": alternative} for a, b in pairs]
    if smaller and pairs:
        areas = {model: auroc(labels, values) for model, values in scores.items()}
        lines = [
            line | {"auroc_a": areas[line["model_a"]], "auroc_b": areas[line["model_b"]]} for line in lines
        ]
    if smaller < MIN_PER_CLASS or not pairs:
        return pd.DataFrame([line | {"reason": _few(smaller)} for line in lines])
    groups = rows["patient"].to_numpy() if "patient" in rows else None
    tests = roc_tests(
        labels,
        scores,
        pairs,
        alternative,
        how.n_resamples,
        resampling_stream(how.seed, task, COHORT),
        stratified=how.stratified_test and groups is None,
        groups=groups,
    )
    for line, test in zip(lines, tests, strict=True):
        delong = delong_test(labels, scores[line["model_a"]], scores[line["model_b"]])
        sided = delong.p_greater
        p = {"greater": sided, "less": 1 - sided, "two-sided": 2 * min(sided, 1 - sided)}
        line |= {"statistic": test.statistic, "p": test.p, "p_delong": p[alternative]}
        line |= {"estimable": test.estimable}
    table = pd.DataFrame(lines)
    p = table["p"].where(table["estimable"]).to_numpy(dtype=np.float64, na_value=np.nan)
    return table.assign(p_holm=holm(p))


def _few(smaller: int) -> str:
    return f"{smaller} studies of the smaller class; {MIN_PER_CLASS} are needed"


def _subgroups(
    task: str, rows: pd.DataFrame, predictions: Predictions, how: EvaluationSettings
) -> pd.DataFrame:
    """The metrics within each level of each subgroup column; numbers with many values go into bands."""
    found = []
    stream = resampling_stream(how.seed, task, COHORT)
    for column in predictions.subgroups:
        levels = levels_of(rows[column], how.age_bands if column.casefold() == "age" else ())
        if levels.nunique() < 2:
            continue
        by_level = sorted(rows.groupby(levels.astype(str).to_numpy()), key=_by_number)
        for level, part in by_level:
            labels = part["label"].to_numpy()
            groups = part["patient"].to_numpy() if "patient" in part else None
            counts = {"n_studies": len(part), "n_positive": int(labels.sum())}
            found += [
                {"characteristic": column, "level": level, "model": line["init"], **line, **counts}
                for line in metric_rows(labels, _scores(part, predictions.models), how, stream, groups)
            ]
    return pd.DataFrame(found).drop(columns="init", errors="ignore")


def _by_number(part: tuple[str, pd.DataFrame]) -> tuple:
    """Sort key of levels: by the first number ("<50" before "50–64"), texts by letters, missing last."""
    level = part[0]
    number = re.search(r"-?\d+(\.\d+)?", level)
    return level == MISSING, float(number[0]) if number else 0.0, not level.startswith("<"), level


def levels_of(cells: pd.Series, bands: Sequence[float] = ()) -> pd.Series:
    """The level of each study as text: age bands, quartiles of numbers with many values, or the text itself.

    Raises
    ------
    ValueError
        A column of text has more than 12 values.
    """
    numbers = pd.to_numeric(cells, errors="coerce")
    numeric = numbers.notna().eq(cells.notna()).all()
    if numeric and bands:
        levels = numbers.map(lambda age: None if pd.isna(age) else age_band(float(age), bands))
    elif numeric and numbers.nunique() > MAX_LEVELS:
        levels = pd.qcut(numbers, 4, duplicates="drop").map(str, na_action="ignore").astype(object)
    else:
        levels = cells.astype(object)
    levels = levels.where(cells.notna(), MISSING)
    if levels.nunique() > MAX_LEVELS:
        raise ValueError(
            f"column {cells.name!r}: {levels.nunique()} different texts; a subgroup has at most "
            f"{MAX_LEVELS}: name the subgroups with --subgroups, or group its values"
        )
    return levels


def _named(table: pd.DataFrame, task: str, part: str) -> pd.DataFrame:
    """The table with the columns task and set first, and init called model."""
    kept = table.drop(columns=[name for name in (*STUDY_COLUMNS, "task") if name in table])
    kept = kept.rename(columns={"init": "model"})
    kept.insert(0, "task", task)
    kept.insert(1, "set", part)
    return kept
