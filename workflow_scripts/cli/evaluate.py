"""`echoclr evaluate`: the study's statistics for anybody's predictions, tables and figures out."""

import argparse
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from workflow_scripts.cli.errors import OK, CommandError

EXAMPLES = """  echoclr evaluate predictions.csv         tables and figures into predictions_evaluation/
  echoclr evaluate predictions.csv --out stats --compare new:old --alternative greater
  echoclr evaluate predictions.csv --validation-set validation --patient mrn

  The table (CSV or Parquet) has one row a study: the columns study, label (0 or 1) and one column of
  probabilities a model; task, set and patient if you have them; every other column is a subgroup. Or one row
  a study and model, with the columns model and probability.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The table, its columns, and what is compared."""
    parser.add_argument("predictions", metavar="PREDICTIONS.csv", help="table of predictions")
    parser.add_argument("--out", metavar="DIR", help="folder of the results (default: NAME_evaluation)")
    for name in ("study", "label", "task", "set", "patient"):
        parser.add_argument(f"--{name}", default=name, metavar="COLUMN", help=f"default: {name}")
    parser.add_argument("--models", nargs="+", metavar="COLUMN", help="columns of probabilities")
    parser.add_argument("--subgroups", nargs="*", metavar="COLUMN", help="columns of subgroups")
    parser.add_argument(
        "--compare", nargs="+", metavar="A:B", help="pairs of models to test (default: each two)"
    )
    parser.add_argument("--alternative", choices=("two-sided", "greater", "less"), default="two-sided")
    parser.add_argument(
        "--validation-set", default="", metavar="SET", help="fix thresholds (90%% specificity) on this set"
    )
    parser.add_argument("--n-resamples", type=int, default=10_000, metavar="N", help="default: 10000")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")


def run(arguments: argparse.Namespace) -> int:
    """Write the tables and figures and print the AUROCs."""
    from echoclr_core.evaluate.any_models import evaluate_predictions
    from echoclr_core.evaluate.prediction_file import PredictionColumns, read_predictions
    from echoclr_core.evaluate.settings import EvaluationSettings

    if arguments.n_resamples < 100:
        raise CommandError(f"--n-resamples: {arguments.n_resamples}; allowed is 100 or more")
    if arguments.seed < 0:
        raise CommandError(f"--seed: {arguments.seed}; allowed is 0 or more")
    columns = PredictionColumns(
        **{name: getattr(arguments, name) for name in ("study", "label", "task", "set", "patient")},
        models=arguments.models,
        subgroups=arguments.subgroups,
    )
    source = Path(arguments.predictions)
    out = Path(arguments.out) if arguments.out else Path(f"{source.stem}_evaluation")
    if out.exists() and not out.is_dir():
        raise CommandError(f"--out: {out} is a file; name a folder")
    try:
        predictions = read_predictions(source, columns)
        with warnings.catch_warnings(), _without_study_log():
            warnings.simplefilter("ignore", FutureWarning)
            tables = evaluate_predictions(
                predictions,
                settings=EvaluationSettings(n_resamples=arguments.n_resamples, seed=arguments.seed),
                pairs=_pairs(arguments.compare),
                alternative=arguments.alternative,
                validation=arguments.validation_set,
            )
    except ValueError as error:
        raise CommandError(str(error)) from error
    for note in predictions.notes:
        print(note)
    written = _write(tables, predictions.models, out)
    _show(tables, arguments.validation_set)
    print(f"\n{len(written)} files in {out}/: {', '.join(written)}")
    return OK


@contextmanager
def _without_study_log() -> Iterator[None]:
    """The evaluation logs what it leaves out by ratio and draw, which nobody has here: see _show_left_out."""
    log = logging.getLogger("echoclr_core.evaluate")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _pairs(named: list[str] | None) -> list[tuple[str, str]] | None:
    if named is None:
        return None
    pairs = [tuple(text.split(":")) for text in named]
    wrong = [text for text, pair in zip(named, pairs, strict=True) if len(pair) != 2 or pair[0] == pair[1]]
    if wrong:
        raise CommandError(f"--compare: {wrong}; write two models with a colon between, as new:old")
    return pairs


def _write(tables: dict[str, pd.DataFrame], models: list[str], out: Path) -> list[str]:
    from echoclr_core.reporting.any_models import prediction_figures
    from echoclr_core.reporting.style import own_initialisations, save_figure

    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables.items():
        if len(table):
            table.to_csv(out / f"{name}.csv", index=False)
            written.append(f"{name}.csv")
    with own_initialisations([(model, model) for model in models]):
        for name, figure in prediction_figures(tables, models).items():
            save_figure(figure, out / name)
            written.append(f"{name}.png/.pdf")
    return written


def _show(tables: dict[str, pd.DataFrame], validation: str) -> None:
    areas = tables["metrics"]
    areas = areas[areas["metric"] == "auroc"]
    for row in areas.itertuples():
        where = f"{row.task}, {row.set}: {row.model}, {row.n_positive} cases of {row.n_studies}"
        if pd.isna(row.value):
            print(f"{where}: one class only, no AUROC")
        elif pd.isna(getattr(row, "ci_low", None)):
            print(f"{where}: AUROC {row.value:.3f}; too few cases or controls for an interval")
        else:
            print(f"{where}: AUROC {row.value:.3f} ({row.ci_low:.3f}–{row.ci_high:.3f})")
    _show_left_out(tables, validation)
    tests = tables["comparisons"]
    for row in tests.itertuples() if "p" in tests else ():
        where = f"{row.task}, {row.set}: {row.model_a} against {row.model_b}, {row.alternative}"
        if pd.isna(row.p):
            continue
        if pd.isna(row.p_holm):  # resamples without spread, as those of a single patient
            print(f"{where}: the resamples do not differ, no p-value")
        else:
            print(f"{where}: p {_p_value(row.p)}, Holm {_p_value(row.p_holm)}")


def _show_left_out(tables: dict[str, pd.DataFrame], validation: str) -> None:
    """What a task and set has no numbers for, and why, once each."""
    areas = tables["metrics"]
    sizes = areas[areas["metric"] == "auroc"].drop_duplicates(["task", "set"])
    points = tables["operating_points"]
    with_points = set(points[["task", "set"]].itertuples(index=False, name=None)) if len(points) else set()
    one_class = set()
    for row in sizes.itertuples():
        where = f"{row.task}, {row.set}"
        if row.n_positive in (0, row.n_studies):
            one_class.add((row.task, row.set))
            print(f"{where}: one class only, no curves, tests or calibration")
        elif validation and row.set != validation and (row.task, row.set) not in with_points:
            print(f"{where}: no thresholds, the set {validation} has one class only or no study of this task")
    tests = tables["comparisons"]
    if "reason" in tests:
        few = tests[tests["reason"].notna()].drop_duplicates(["task", "set"])
        for row in few.itertuples():
            if (row.task, row.set) not in one_class:
                print(f"{row.task}, {row.set}: models are not compared: {row.reason}")


def _p_value(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
