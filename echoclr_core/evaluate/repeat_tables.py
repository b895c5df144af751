"""The tables of the repeats of one task, test set and share of labels, from the predictions of its models."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from echoclr_core.common.tables import Table
from echoclr_core.evaluate.comparisons import default_comparisons
from echoclr_core.evaluate.efficiency import Repeat
from echoclr_core.evaluate.repeats import REPEAT_TABLES, analyse_repeats
from echoclr_core.evaluate.resampling import resampling_stream
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.study_scores import patients_of, scores_by_model

NO_MODEL = "no learning rate gave a finite validation loss in at least one repeat"
TOO_FEW = f"fewer than {MIN_PER_CLASS} cases or controls"


def repeat_tables(
    predictions: Mapping[str, Mapping[Repeat, pd.DataFrame]],
    *,
    task: str,
    cohort: str,
    ratio: float,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Rows of REPEAT_TABLES.

    Parameters
    ----------
    predictions
        Initialisation to {(draw of the labels, pretraining): predictions of videos}; a table without rows
        stands for a model that could not be trained. The same repeats for all.
    task, cohort, ratio
        What the rows are labelled with.
    settings
        n_resamples, seed and comparisons (None: the paper's).
    patients
        study_id to patient: whole patients are drawn instead of studies.

    Returns
    -------
    dict
        Name of the table to its rows. An initialisation with a model that could not be trained, and all
        where a test set has fewer than 5 cases or controls, have rows without values and the reason; no rows
        at all where nothing was scored.

    Raises
    ------
    ValueError
        Models that scored other studies or labels, or whose repeats are not the same full grid.
    """
    if all(table.empty for tables in predictions.values() for table in tables.values()):
        return {name: schema.empty() for name, schema in REPEAT_TABLES.items()}
    every = list(predictions)
    pairs = default_comparisons(every) if settings.comparisons is None else list(settings.comparisons)
    failed = [init for init, tables in predictions.items() if any(part.empty for part in tables.values())]
    reason, found = NO_MODEL, {}
    if len(failed) < len(every):
        labels, scores, groups = _scores(
            {init: tables for init, tables in predictions.items() if init not in failed},
            place=f"{task}, ratio {ratio:g}, {cohort}",
            patients=patients,
        )
        if min(labels.sum(), len(labels) - labels.sum()) < MIN_PER_CLASS:
            failed, reason = every, TOO_FEW
        else:
            rows = analyse_repeats(
                labels,
                scores,
                [pair for pair in pairs if not set(pair) & set(failed)],
                n_resamples=settings.n_resamples,
                seed=resampling_stream(settings.seed, task, cohort),
                groups=groups,
            )
            found = {name: table.to_dict("records") for name, table in rows.items()}
    grid = sorted(next(iter(predictions.values())))
    without = _without_values(failed, [pair for pair in pairs if set(pair) & set(failed)], grid, reason)
    cell = {"task": task, "cohort": cohort, "ratio": float(ratio)}
    return {
        name: schema.check(_joined([*found.get(name, []), *without[name]], schema).assign(**cell))
        for name, schema in REPEAT_TABLES.items()
    }


def _scores(
    predictions: Mapping[str, Mapping[Repeat, pd.DataFrame]],
    *,
    place: str,
    patients: Mapping[str, str] | None,
) -> tuple[np.ndarray, dict[str, dict[Repeat, np.ndarray]], np.ndarray | None]:
    """Labels of the studies, scores of each initialisation and repeat, and codes of the patients."""
    keys = [(init, repeat) for init, tables in predictions.items() for repeat in tables]
    named = {
        f"{init}, draw {draw}, pretraining {number}": predictions[init][draw, number]
        for init, (draw, number) in keys
    }
    table, columns = scores_by_model(named, place=place)
    scores: dict[str, dict[Repeat, np.ndarray]] = {init: {} for init in predictions}
    for (init, repeat), values in zip(keys, columns.values(), strict=True):
        scores[init][repeat] = values
    groups = None if patients is None else pd.factorize(patients_of(table["study_id"], patients))[0]
    return table["label"].to_numpy(), scores, groups


def _joined(rows: Sequence[dict], schema: Table) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(schema.columns))


def _without_values(
    inits: Sequence[str], pairs: Sequence[tuple[str, str]], grid: Sequence[Repeat], reason: str
) -> dict[str, list[dict]]:
    """Rows of initialisations and claims that have no values."""
    draws, pretrainings = ({repeat[side] for repeat in grid} for side in (0, 1))
    counts = {"n_draws": len(draws), "n_pretrainings": len(pretrainings)}
    unit = "pretrainings" if len(pretrainings) > 1 else "draws"
    units = {"unit": unit, "n_units": len(pretrainings if unit == "pretrainings" else draws)}
    return {
        "repeats": list(_single(inits, grid, reason)),
        "repeat_means": [{"init": init, **counts, "reason": reason} for init in inits],
        "repeat_claims": [{"init_a": a, "init_b": b, **units, "reason": reason} for a, b in pairs],
    }


def _single(inits: Sequence[str], grid: Sequence[Repeat], reason: str) -> Iterator[dict]:
    for init in inits:
        for draw, pretraining in grid:
            yield {"init": init, "label_draw": draw, "pretraining": pretraining, "reason": reason}
