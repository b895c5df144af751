"""Exact ranking metrics of one set of scores, ties included, and the Brier score.

All of them are sums over the groups of equal scores that hold at least one case. For such a group g, with
TP and FP the cases and controls that score at least as much, and TP', FP' those that score more:

- AUROC = Σ (TP − TP')·[(N − FP) + (N − FP')] / (2·P·N): the share of case-control pairs ranked right,
  a tie counting one half.
- average precision = Σ (TP − TP')/P · TP/(TP + FP): a step function, no interpolation.
- trapezoidal AUPR = Σ (TP − TP')/P · [TP/(TP + FP) + TP'/(TP' + FP')]/2, with precision 1 at recall 0: what
  the authors' code calls AUPR. It interpolates linearly between points of the precision–recall curve, which
  is too kind where few distinct scores exist: with saturated scores it was 0.58 beside an average precision
  of 0.30. Constant scores give prevalence as average precision and (1 + prevalence)/2 as trapezoid.
"""

from dataclasses import dataclass

import numpy as np

from echoclr_core.evaluate.checks import as_labels, as_probabilities, as_scores, as_two_classes

METRIC_NAMES = ("auroc", "average_precision", "aupr_trapezoid")


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """One model's scores prepared once, so that any number of resamples can be evaluated on it.

    Parameters
    ----------
    cases, controls
        Rows of the cases (P,) and of the controls (N,), by falling score. int64.
    group_ends
        For each group of tied cases, the position in ``cases`` of its last one. (G,) int64.
    controls_above, controls_at_least
        For each group, how many controls score more, and how many at least as much. (G,) int64.
    """

    cases: np.ndarray
    controls: np.ndarray
    group_ends: np.ndarray
    controls_above: np.ndarray
    controls_at_least: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray) -> "Ranking":
        """Rank ``scores`` (n,) float64 for ``labels`` (n,) of 0 and 1; both checked by the caller."""
        order = np.argsort(-scores, kind="stable")
        is_case = labels[order] == 1
        cases, controls = order[is_case], order[~is_case]
        falling_case, falling_control = -scores[cases], -scores[controls]
        ends = np.flatnonzero(np.append(falling_case[1:] != falling_case[:-1], True))
        return cls(
            cases=cases,
            controls=controls,
            group_ends=ends,
            controls_above=np.searchsorted(falling_control, falling_case[ends], side="left"),
            controls_at_least=np.searchsorted(falling_control, falling_case[ends], side="right"),
        )


def weighted_metrics(ranking: Ranking, counts: np.ndarray, *, auroc_only: bool = False) -> np.ndarray:
    """The metrics of L resamples at once.

    Parameters
    ----------
    ranking
        The ranked scores of n studies.
    counts
        (n, L) float64: how often each study stands in each resample. Counts are whole numbers, so sums are
        exact in float64, and AUROC is exact up to its one division.
    auroc_only
        Leave the precision–recall metrics out (the ROC test needs none).

    Returns
    -------
    (1 or 3, L) float64 in the order of METRIC_NAMES; NaN where a resample has one class only.
    """
    cases_of_group = _cumulative(counts, ranking.cases)[ranking.group_ends + 1]  # (G, L)
    controls = _cumulative(counts, ranking.controls)  # (N + 1, L)
    fp, fp_above = controls[ranking.controls_at_least], controls[ranking.controls_above]
    tp = cases_of_group
    tp_above = np.zeros_like(tp)
    tp_above[1:] = tp[:-1]
    gain = tp - tp_above
    n_cases, n_controls = tp[-1], controls[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        wins = 2 * n_cases * n_controls - np.einsum("gl,gl->l", gain, fp + fp_above)
        auroc = wins / (2 * n_cases * n_controls)
        if auroc_only:
            return auroc[None]
        precision = tp / np.maximum(tp + fp, 1)
        above = tp_above + fp_above
        precision_above = np.where(above > 0, tp_above / np.maximum(above, 1), 1.0)
        step = np.einsum("gl,gl->l", gain, precision)
        average_precision = step / n_cases
        trapezoid = (step + np.einsum("gl,gl->l", gain, precision_above)) / (2 * n_cases)
    result = np.stack([auroc, average_precision, trapezoid])
    result[:, (n_cases == 0) | (n_controls == 0)] = np.nan
    return result


def _cumulative(counts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Running sums (len(rows) + 1, L) over ``rows`` of counts, beginning with zeros."""
    sums = np.empty((len(rows) + 1, counts.shape[1]))
    sums[0] = 0
    np.take(counts, rows, axis=0, out=sums[1:])
    np.cumsum(sums[1:], axis=0, out=sums[1:])
    return sums


def point_metrics(y, scores) -> dict[str, float]:
    """All three metrics of METRIC_NAMES on the data as they are.

    Parameters
    ----------
    y
        (n,) labels, 0 or 1, both present.
    scores
        (n,) finite scores; higher means more likely a case. The direction is never turned round.

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ.
    """
    labels = as_two_classes(y)
    ranking = Ranking.of(labels, as_scores(scores, len(labels)))
    values = weighted_metrics(ranking, np.ones((len(labels), 1)))[:, 0]
    return dict(zip(METRIC_NAMES, values.tolist(), strict=True))


def auroc(y, scores) -> float:
    """Area under the ROC curve; constant scores give exactly 0.5. See :func:`point_metrics`."""
    return point_metrics(y, scores)["auroc"]


def average_precision(y, scores) -> float:
    """Average precision, the recommended precision–recall summary. See :func:`point_metrics`."""
    return point_metrics(y, scores)["average_precision"]


def aupr_trapezoid(y, scores) -> float:
    """Trapezoidal area under the precision–recall curve (the paper's AUPR). See :func:`point_metrics`."""
    return point_metrics(y, scores)["aupr_trapezoid"]


def brier(y, probabilities) -> float:
    """Mean squared difference of probability and label, in [0, 1]; lower is better. One class is allowed.

    Raises
    ------
    ValueError
        NaN, lengths that differ, values outside [0, 1].
    """
    labels = as_labels(y)
    return float(np.mean((as_probabilities(probabilities, len(labels)) - labels) ** 2))
