"""Studies that one model calls wrongly at its stored threshold, and what about them could explain it."""

import math

import numpy as np
import pandas as pd

from echoclr_core.common.tables import Column, Table
from echoclr_core.evaluate.schema import COHORTS
from echoclr_core.evaluate.study_scores import study_table
from echoclr_core.evaluate.technical import thirds

KINDS = ("false_positive", "false_negative")
CAUSES = ("few_videos", "low_frame_rate", "narrow_view_margin", "quarantined_videos", "near_threshold")
NEAR_SHARE = 0.1  # share of the test set that counts as near the threshold
_LOWEST_THIRD = {
    "few_videos": ("n_videos", "videos"),
    "low_frame_rate": ("frame_rate", "frames per second"),
    "narrow_view_margin": ("view_margin", "of probability"),
}

_RUN = {
    "task": Column(kind="str", description="What is predicted."),
    "init": Column(kind="str", description="Initialisation of the model."),
    "cohort": Column(kind="str", description="Internal test set or temporal external set.", allowed=COHORTS),
    "kind": Column(kind="str", description="A control called positive, or a case missed.", allowed=KINDS),
}

FAILURES = Table(
    "FAILURES",
    {
        **_RUN,
        "number": Column(kind="int", description="Place among those of its kind, the surest first.", low=1),
        "study_id": Column(kind="str", description="Pseudonymous study."),
        "video_id": Column(kind="str", description="Its video with the most extreme probability."),
        "probability": Column(kind="float", description="Of the study.", low=0, high=1),
        "threshold": Column(
            kind="float", description="Fixed on validation at the target specificity.", low=0
        ),
        **{
            cause: Column(kind="bool", nullable=True, description=description)
            for cause, description in (
                ("few_videos", "Number of videos in the lowest third of the test set."),
                ("low_frame_rate", "Frame rate in the lowest third of the test set."),
                ("narrow_view_margin", "Margin of the view decision in the lowest third of the test set."),
                ("quarantined_videos", "Further videos left out for burned-in text or no sector."),
                ("near_threshold", "Among the tenth of the test set nearest to the threshold."),
            )
        },
    },
    key=("task", "cohort", "study_id"),
)

FAILURE_CAUSES = Table(
    "FAILURE_CAUSES",
    {
        **_RUN,
        "cause": Column(kind="str", description="What the studies are counted by.", allowed=CAUSES),
        "definition": Column(kind="str", description="When a study has it, with the limit used."),
        "n_wrong": Column(kind="int", description="Studies called wrongly, where this is known.", low=0),
        "n_wrong_with": Column(kind="int", description="Those of them that have it.", low=0),
        "n_right": Column(kind="int", description="Studies of the same class called rightly.", low=0),
        "n_right_with": Column(kind="int", description="Those of them that have it.", low=0),
    },
    key=("task", "cohort", "kind", "cause"),
)


def find_failures(
    predictions: pd.DataFrame,
    technical: pd.DataFrame,
    threshold: float,
    *,
    task: str,
    init: str,
    cohort: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """FAILURES and FAILURE_CAUSES of one model on one test set.

    Parameters
    ----------
    predictions
        PREDICTIONS of the model, one row a video.
    technical
        TECHNICAL of (at least) these studies.
    threshold
        A study at or above it is called positive; infinity calls nobody.
    task, init, cohort
        Written into the rows.

    Raises
    ------
    ValueError
        A study that ``technical`` lacks.
    """
    studies = study_table(predictions, name=f"predictions of {init} ({task}, {cohort})")
    lacking = sorted(set(studies["study_id"]) - set(technical["study_id"]))
    if lacking:
        raise ValueError(f"the technical table lacks {len(lacking)} studies, as {lacking[0]}")
    studies = studies.merge(technical, on="study_id", validate="one_to_one")
    causes, definitions = _causes(studies, threshold)
    called = studies["score"] >= threshold
    run = {"task": task, "init": init, "cohort": cohort}
    rows, counts = [], []
    for kind, label in zip(KINDS, (0, 1), strict=True):
        of_class = studies["label"] == label
        wrong = of_class & (called != (label == 1))
        rows.append(_listed(studies[wrong].join(causes), predictions, kind).assign(**run))
        counts += [
            {**run, "kind": kind, "cause": name, "definition": definitions[name]}
            | _counts(causes[name], wrong, of_class & ~wrong)
            for name in definitions
        ]
    failures = pd.concat(rows, ignore_index=True).assign(threshold=float(threshold))
    return (
        FAILURES.check(failures) if len(failures) else FAILURES.empty(),
        FAILURE_CAUSES.check(pd.DataFrame(counts)) if counts else FAILURE_CAUSES.empty(),
    )


def _causes(studies: pd.DataFrame, threshold: float) -> tuple[pd.DataFrame, dict[str, str]]:
    """Whether each study has each cause (missing where unknown), and the causes that tell studies apart."""
    found = pd.DataFrame(pd.NA, index=studies.index, columns=list(CAUSES), dtype="boolean")
    definitions = {}
    for name, (column, unit) in _LOWEST_THIRD.items():
        levels, order = thirds(studies[column])
        if len(order) > 1:
            found[name] = (levels == order[0]).astype("boolean").mask(levels.isna())
            definitions[name] = f"{order[0]} {unit}"
    found["quarantined_videos"] = (studies["n_quarantined"] > 0).astype("boolean")
    definitions["quarantined_videos"] = "1 or more"
    if math.isfinite(threshold):
        distance = (studies["score"] - threshold).abs()
        nearest = float(np.sort(distance)[max(1, round(NEAR_SHARE * len(distance))) - 1])
        found["near_threshold"] = (distance <= nearest + 1e-9).astype("boolean")
        definitions["near_threshold"] = f"within {nearest:.2g} of {threshold:.3g}"
    return found, definitions


def _listed(wrong: pd.DataFrame, predictions: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The studies of one kind, the surest first, each with its most extreme video."""
    surest_high = kind == "false_positive"
    order = ["video_probability", "video_id"]
    videos = predictions.sort_values(order, ascending=[not surest_high, True]).drop_duplicates("study_id")
    table = wrong.merge(videos[["study_id", "video_id"]], on="study_id", validate="one_to_one")
    table = table.sort_values(["score", "study_id"], ascending=[not surest_high, True])
    table = table.rename(columns={"score": "probability"}).assign(kind=kind)
    table["number"] = np.arange(1, len(table) + 1)
    return table[["kind", "number", "study_id", "video_id", "probability", *CAUSES]]


def _counts(has: pd.Series, wrong: pd.Series, right: pd.Series) -> dict[str, int]:
    known = has.notna()
    return {
        "n_wrong": int((wrong & known).sum()),
        "n_wrong_with": int(has[wrong & known].sum()),
        "n_right": int((right & known).sum()),
        "n_right_with": int(has[right & known].sum()),
    }
