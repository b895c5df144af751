"""What stands behind the AUROC: curves, operating points, net benefit, calibration, subgroups."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from echoclr_core.evaluate.settings import MIN_PER_CLASS
from echoclr_core.reporting.panels import at_max_ratio, ratio_words
from echoclr_core.reporting.report import Block, DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page, decimal
from echoclr_core.reporting.style import COHORT_NAMES, init_label, init_name
from echoclr_core.reporting.subgroups import without_small_parts


def section(page: Page) -> Section:
    """Figures and two tables, of the models with the most labels."""
    points = at_max_ratio(page.table("operating_points"))
    calibration = at_max_ratio(page.table("calibration"))
    blocks: list[Block] = [
        *(page.picture(Path(path).stem, path) for path in page.files["curve_figures"]),
        _points(points, page.titles),
        *(page.picture(Path(path).stem, path) for path in page.files["calibration_figures"]),
        DataTable(
            frame=calibration_table(calibration, page.titles),
            title="Calibration in numbers",
            caption="A perfectly calibrated model has intercept 0, slope 1 and O:E 1 (observed to expected "
            "cases). Compare the Brier score with the one of always predicting the prevalence (no skill); "
            "the scaled Brier score is 1 for perfect predictions and 0 for no skill. Recalibration: "
            "intercept and slope fitted on the validation set; a dash where it gives none.",
            group=True,
        ),
        *(page.picture(Path(path).stem, path) for path in page.files["recalibration_figures"]),
    ]
    if len(page.table("subgroups")):
        blocks += [page.picture(Path(path).stem, path) for path in page.files["subgroup_figures"]]
        blocks += [page.picture(Path(path).stem, path) for path in page.files["technical_figures"]]
    blocks += _differences(page)
    return Section(title="Beyond the AUROC", blocks=blocks)


def _points(points: pd.DataFrame, titles: Mapping[str, str]) -> Block:
    """The operating points, or why there are none."""
    if points.empty:
        return Text(
            rst="There are no operating points: thresholds are fixed on the validation set, which needs "
            "cases and controls for it."
        )
    return DataTable(
        frame=operating_points(points, titles),
        title="Operating points",
        caption=f"Models fine-tuned on {ratio_words(points)}. Each threshold is fixed on the validation "
        "set, where it keeps the rate that is named; brackets are exact 95 % intervals (Clopper and "
        "Pearson).",
        group=True,
    )


def _differences(page: Page) -> list[Block]:
    """Differences between subgroups of the last initialisation, without parts that are too small to show."""
    table = page.table("subgroup_differences")
    if table.empty:
        return []
    least = page.config["report"]["least_cell"]
    rows = at_max_ratio(table)
    rows = rows[rows["init"] == page.inits[-1]]
    shown = without_small_parts(at_max_ratio(page.table("subgroups")), least)
    keys = ["task", "cohort", "characteristic"]
    kept = set(shown[[*keys, "level"]].itertuples(index=False, name=None))
    both = [
        {(*key, level), (*key, reference)} <= kept
        for *key, level, reference in rows[[*keys, "level", "reference"]].itertuples(index=False, name=None)
    ]
    rows = rows[both]
    apart = int(((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).sum())
    bounded = int(rows["ci_low"].notna().sum())
    return [
        DataTable(
            frame=difference_table(rows, page.titles),
            title=f"Differences between subgroups, {init_label(page.inits[-1])}",
            caption=f"AUROC of each part less that of the largest part. {apart} of {bounded} intervals "
            "exclude 0; about one in twenty does so by chance. Differences describe, nothing is tested. "
            "There is "
            f"no interval with fewer than {MIN_PER_CLASS} cases or controls in either part. What does "
            "not vary "
            "between the studies of a set, as the vendor where there is one, has no parts.",
            group=True,
        )
    ]


def difference_table(rows: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set, characteristic and level."""
    return pd.DataFrame(
        [
            {
                "Task and set": f"{titles[row['task']]}, {COHORT_NAMES[row['cohort']]}",
                "Part": f"{row['characteristic'].capitalize()}: {row['level']}",
                "Against": row["reference"],
                "Cases of studies": f"{row['n_positive']:,} of {row['n_studies']:,}",
                "Cases of studies, reference": f"{row['n_reference_positive']:,} of {row['n_reference']:,}",
                "Difference of AUROC": _with_bounds(
                    row | {"difference_low": row["ci_low"], "difference_high": row["ci_high"]}, "difference"
                ),
            }
            for row in rows.to_dict("records")
        ]
    )


def operating_points(points: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set, criterion and initialisation."""
    rows = []
    for row in points.to_dict("records"):
        rows.append(
            {
                **_names(row, titles),
                "Kept on validation": f"{row['criterion']} {100 * row['rate']:g} %",
                **{
                    name.capitalize() if len(name) > 3 else name.upper(): _with_bounds(row, name)
                    for name in ("sensitivity", "specificity", "ppv", "npv")
                },
            }
        )
    return pd.DataFrame(rows)


def calibration_table(calibration: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set and initialisation."""
    rows = []
    for row in calibration.to_dict("records"):
        rows.append(
            {
                **_names(row, titles),
                "Prevalence": _number(row["prevalence"]),
                "Mean probability": _number(row["mean_probability"]),
                "Intercept": _with_bounds(row, "intercept", digits=2),
                "Slope": _with_bounds(row, "slope", digits=2),
                "O:E": _with_bounds(row, "oe_ratio", digits=2),
                "Brier": _number(row["brier"]),
                "Brier, prevalence": _number(row["brier_constant"]),
                "Brier, scaled": _with_bounds(row, "brier_scaled", digits=2),
                "Recalibration": _line(row),
            }
        )
    return pd.DataFrame(rows)


def _names(row: dict, titles: Mapping[str, str]) -> dict[str, str]:
    return {
        "Task and set": f"{titles[row['task']]}, {COHORT_NAMES[row['cohort']]}: "
        f"{row['n_positive']:,} cases of {row['n_studies']:,}",
        "Initialisation": init_name(row["init"]),
    }


def _line(row: dict) -> str:
    """ "0.10 + 0.85 x": intercept and slope of the recalibration; a dash for none."""
    intercept, slope = row["recalibration_intercept"], row["recalibration_slope"]
    if pd.isna(intercept):
        return decimal(None)
    return f"{intercept:.2f} {'+' if slope >= 0 else '−'} {abs(slope):.2f} logit(p)"


def _number(value: float, digits: int = 3) -> str:
    return decimal(None if pd.isna(value) else float(value), digits)


def _with_bounds(row: dict, name: str, digits: int = 3) -> str:
    text, low, high = (_number(row[key], digits) for key in (name, f"{name}_low", f"{name}_high"))
    if "–" in (low, high):
        return text
    dash = " to " if "-" in low + high else "–"  # "-0.2–0.4" would be hard to read
    return f"{text} ({low}{dash}{high})"
