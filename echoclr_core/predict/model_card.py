"""The model card of a bundle: ``README.md`` with YAML front matter, from the tables of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from echoclr_core.cohort.flow import REASONS, STAGES
from echoclr_core.common.small_counts import hide_counts
from echoclr_core.predict.training_range import MEASURED
from echoclr_core.reporting.escaping import markdown
from echoclr_core.reporting.style import COHORT_NAMES, METRIC_LABELS, init_label
from echoclr_core.reporting.subgroups import without_small_parts
from echoclr_core.reporting.tables import ABSENT, to_markdown

LIMITS = (
    "Research use only: not a medical device, not tested for any clinical decision.",
    "Trained and tested on the archive of one study. Other sites, vendors, protocols and patients may give "
    "other results; test the model on your own labelled studies first.",
    "Sees grey B-mode loops of the kept view alone: no Doppler, no measurements, no other view. A study "
    "without such a loop has no prediction.",
    "Probabilities are those of the network; nothing is recalibrated. Where the share of cases differs from "
    "that of the training data, they will be too high or too low.",
    "A warning that a video is unlike the training data compares a few properties and one distance; its "
    "absence does not show that the model works on that video.",
)


@dataclass(frozen=True, kw_only=True)
class CardTables:
    """The run's tables that a card prints; rows of other tasks, initialisations and ratios are left out.

    Parameters
    ----------
    flow
        FLOW of the cohort.
    metrics, operating_points, calibration, subgroups
        See ``evaluate.schema``.
    least_cell
        Counts below are hidden, with those from which they would follow; 0 shows all.
    synthetic
        Whether the study's patients are phantoms.
    """

    flow: pd.DataFrame
    metrics: pd.DataFrame
    operating_points: pd.DataFrame
    calibration: pd.DataFrame
    subgroups: pd.DataFrame
    least_cell: int = 0
    synthetic: bool = False


def model_card(description: Mapping[str, Any], tables: CardTables) -> str:
    """The text of the card.

    Parameters
    ----------
    description
        ``bundle.json``.
    tables
        See :class:`CardTables`.
    """
    parts = [
        _front_matter(description),
        _opening(description, tables),
        *_section("How to use it", _usage()),
        *_section("Data", _data(description, tables)),
        *_section("Metrics", _metrics(_own(tables.metrics, description))),
        *_section("Thresholds", _thresholds(description, _own(tables.operating_points, description))),
        *_section("Calibration", _calibration(_own(tables.calibration, description))),
        *_section("Subgroups", _subgroups(_own(tables.subgroups, description), tables.least_cell)),
        *_section("Known limits", "\n".join(f"- {line}" for line in LIMITS)),
        *_section("Origin", _origin(description)),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _front_matter(description: Mapping[str, Any]) -> str:
    values = {
        "library_name": "echoclr",
        "pipeline_tag": "video-classification",
        "license": "other",
        "license_name": "research-use-only",
        "tags": ["echocardiography", "ultrasound", "research-use-only", description["task"]["name"]],
    }
    return "---\n" + yaml.safe_dump(values, sort_keys=False) + "---"


def _opening(description: Mapping[str, Any], tables: CardTables) -> str:
    task, views, models = description["task"], description["views"], description["models"]
    ensemble = f"the mean of {len(models)} models" if len(models) > 1 else "one model"
    phantoms = (
        "\n\n**The training data are phantoms.** This model shows how a bundle works and knows no patient."
    )
    return (
        f"# {markdown(task['title'])} from echocardiogram loops\n\n"
        "**Research use only.** Not a medical device.\n\n"
        f"Predicts the probability of {markdown(task['title'])} (task `{task['name']}`) from loops of the "
        f"view `{views['kept']}`: {ensemble}, encoder `{description['encoder']['name']}`, initialisation "
        f"{init_label(description['initialisation'])}, fine-tuned on "
        f"{100 * description['ratio']:g} % of the labels.\n\n"
        "Intended use: research on retrospective studies; comparison with other models; a starting point for "
        "an evaluation on other data. Not intended: diagnosis, triage, or any decision about a patient."
        + (phantoms if tables.synthetic else "")
    )


def _usage() -> str:
    return (
        "```python\nfrom pathlib import Path\n\nfrom echoclr_core.predict import load_bundle\n\n"
        'bundle = load_bundle("name of this folder")\n'
        'print(bundle.predict_avis(sorted(Path("videos").glob("*.avi"))))\n```\n\n'
        "The videos are deidentified loops of the kept view; for DICOM files see "
        "`echoclr_core.predict.one_study`."
    )


def _data(description: Mapping[str, Any], tables: CardTables) -> str:
    training = description["training"]
    rows = [
        {"Property": words.capitalize(), "Training videos": _range(training[name], unit)}
        for name, (words, unit) in MEASURED.items()
    ]
    vendors = ", ".join(training["manufacturers"]) or "not known"
    rows.append({"Property": "Vendors", "Training videos": vendors})
    hidden = 0 < training["n_studies"] < tables.least_cell
    counts = f"fewer than {tables.least_cell}" if hidden else f"{training['n_studies']:,}"
    return "\n\n".join(
        [
            f"Trained on {counts} labelled studies.",
            to_markdown(pd.DataFrame(rows)),
            "From the archive to the sets:",
            to_markdown(_flow(tables.flow, tables.least_cell)),
        ]
    )


def _range(limits: list[float] | None, unit: str) -> str:
    return "not known" if limits is None else f"{limits[0]:.4g} to {limits[1]:.4g} {unit}".strip()


def _flow(flow: pd.DataFrame, least: int) -> pd.DataFrame:
    """What left and what went on at each step, small counts hidden as in the flow figure of the report."""
    rows = []
    for stage, part in flow.sort_values("order").groupby("stage", sort=False):
        # What goes on is shown in full, since each step is the sum of the next ones; the sets are not.
        hiding = ~part["kept"] if stage != "split" else part["kept"]
        texts = {
            name: hide_counts(part.loc[hiding, [name]].astype(int), least)[name]
            for name in ("studies", "videos")
        }
        for place, row in part.iterrows():
            rows.append(
                {
                    "Step": STAGES.get(stage, ("", stage))[1],
                    "What": REASONS.get(row["reason"], row["reason"]),
                    "Studies": texts["studies"].get(place) or f"{row['studies']:,}",
                    "Files or videos": texts["videos"].get(place) or f"{row['videos']:,}",
                }
            )
    return pd.DataFrame(rows)


def _own(rows: pd.DataFrame, description: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of the bundle's task, initialisation and ratio."""
    same = (rows["task"] == description["task"]["name"]) & (rows["init"] == description["initialisation"])
    return rows[same & ((rows["ratio"] - description["ratio"]).abs() < 1e-9)]


def _metrics(rows: pd.DataFrame) -> str:
    return _table(
        {
            "Set": COHORT_NAMES[row["cohort"]],
            "Draw": row["draw"],
            "Metric": METRIC_LABELS.get(row["metric"], row["metric"].replace("_", " ")),
            "Value (95 % interval)": _bounds(row, "value", low="ci_low", high="ci_high"),
        }
        for row in rows.to_dict("records")
    )


def _thresholds(description: Mapping[str, Any], rows: pd.DataFrame) -> str:
    """Those of the bundle, which its probabilities are compared with, then each draw's on the test sets."""
    stored = [
        {
            "Kept on validation": f"{point['criterion']} {100 * point['rate']:g} %",
            "Threshold": "nobody is called positive"
            if point["threshold"] is None
            else f"{point['threshold']:.4g}",
        }
        for point in description["thresholds"]
    ]
    tested = _table(
        {
            "Set": COHORT_NAMES[row["cohort"]],
            "Draw": row["draw"],
            "Kept on validation": f"{row['criterion']} {100 * row['rate']:g} %",
            "Threshold": f"{row['threshold']:.4g}",
            **{name: _bounds(row, name) for name in ("sensitivity", "specificity", "ppv", "npv")},
        }
        for row in rows.to_dict("records")
    )
    return f"Of this bundle:\n\n{_table(stored)}\n\nEach draw on the test sets:\n\n{tested}"


def _calibration(rows: pd.DataFrame) -> str:
    return _table(
        {
            "Set": COHORT_NAMES[row["cohort"]],
            "Draw": row["draw"],
            "Intercept (0 is right)": _bounds(row, "intercept"),
            "Slope (1 is right)": _bounds(row, "slope"),
            "Brier score": _bounds(row, "brier"),
            "Brier score of the prevalence": _bounds(row, "brier_constant"),
        }
        for row in rows.to_dict("records")
    )


def _subgroups(rows: pd.DataFrame, least: int) -> str:
    rows = without_small_parts(rows[rows["metric"] == "auroc"], least)
    return _table(
        {
            "Set": COHORT_NAMES[row["cohort"]],
            "Draw": row["draw"],
            "Group": f"{row['characteristic']} {row['level']}",
            "Studies": f"{row['n_studies']:,}",
            "AUROC (95 % interval)": _bounds(row, "value", low="ci_low", high="ci_high"),
        }
        for row in rows.to_dict("records")
    )


def _origin(description: Mapping[str, Any]) -> str:
    pairs = {**description["versions"], **description["digests"]}
    rows = [{"What": name, "Value": str(value)} for name, value in pairs.items()]
    return to_markdown(pd.DataFrame(rows))


def _table(rows) -> str:
    frame = pd.DataFrame(list(rows))
    return to_markdown(frame) if len(frame) else "Nothing was estimable."


def _bounds(row: Mapping[str, Any], name: str, *, low: str = "", high: str = "") -> str:
    """A value with its bounds, "0.812 (0.701 to 0.903)"; a dash where it is missing."""
    value = row[name]
    if value is None or pd.isna(value):
        return ABSENT
    bounds = [row.get(low or f"{name}_low"), row.get(high or f"{name}_high")]
    if any(bound is None or pd.isna(bound) for bound in bounds):
        return f"{float(value):.3f}"
    return f"{float(value):.3f} ({float(bounds[0]):.3f} to {float(bounds[1]):.3f})"
