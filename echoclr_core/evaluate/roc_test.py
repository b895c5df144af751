"""pROC's bootstrap test of two AUROCs, with the direction fixed.

D = (AUROC_a − AUROC_b) / sd(AUROC_a* − AUROC_b*), the original areas above the line, the standard deviation
(n − 1) of the resampled differences below it, held against the standard normal (Robin et al., BMC
Bioinformatics 2011; the paper's "Statistics and reproducibility"). It is not the share of resamples in which
a beats b. Resamples are stratified by default, as pROC's are, and paired: both models on the same rows. A
model below chance stays below chance: pROC's ``direction = "<"``, never "auto".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from echoclr_core.common.randomness import derive_seed
from echoclr_core.evaluate.bootstrap import Resampling, bootstrap_values
from echoclr_core.evaluate.checks import as_two_classes
from echoclr_core.evaluate.metrics import auroc

ALTERNATIVES = ("greater", "less", "two-sided")


@dataclass(frozen=True, kw_only=True)
class RocTest:
    """The outcome of one test.

    Parameters
    ----------
    auroc_a, auroc_b
        The areas on the data as they are.
    sd
        Standard deviation of the resampled differences.
    statistic
        D. 0 where the areas are equal and no resample differs, ±inf where they differ by a constant.
    p
        The p-value for the alternative asked for.
    estimable
        False where the resampled differences have no spread (the same curve twice, two perfect curves):
        p is then a convention (0.5 one-sided), no evidence.
    n_redrawn
        One-class resamples drawn again.
    """

    auroc_a: float
    auroc_b: float
    sd: float
    statistic: float
    p: float
    estimable: bool
    n_redrawn: int


def roc_test(
    y,
    scores_a,
    scores_b,
    alternative: str = "greater",
    n_resamples: int = 10_000,
    seed: int = 0,
    stratified: bool = True,
    paired: bool = True,
) -> float:
    """p-value of pROC's bootstrap test that ``scores_a`` has the greater AUROC.

    Parameters
    ----------
    y
        (n,) labels, 0 or 1, both present.
    scores_a, scores_b
        (n,) finite scores of the same studies.
    alternative
        "greater" (the paper's: a above b), "less" or "two-sided".
    n_resamples, seed, stratified
        See :class:`echoclr_core.evaluate.bootstrap.Resampling`.
    paired
        Both models on the same resampled rows; False draws rows for each apart.

    Returns
    -------
    float in [0, 1]; 0.5 (1 two-sided) for identical or twice perfect curves.

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, an unknown alternative.
    """
    return roc_test_result(
        y, scores_a, scores_b, alternative, n_resamples, seed, stratified=stratified, paired=paired
    ).p


def roc_test_result(
    y,
    scores_a,
    scores_b,
    alternative: str = "greater",
    n_resamples: int = 10_000,
    seed: int = 0,
    *,
    stratified: bool = True,
    paired: bool = True,
    groups=None,
) -> RocTest:
    """:func:`roc_test` with everything that stands behind the p-value."""
    _check_alternative(alternative)
    if paired:
        return roc_tests(
            y,
            {"a": scores_a, "b": scores_b},
            [("a", "b")],
            alternative,
            n_resamples,
            seed,
            stratified=stratified,
            groups=groups,
        )[0]
    drawn, n_redrawn = [], 0
    for name, scores in (("a", scores_a), ("b", scores_b)):
        apart = Resampling(
            n_resamples=n_resamples,
            seed=derive_seed(seed, "unpaired", name),
            stratified=stratified,
            groups=groups,
        )
        values, again = bootstrap_values(y, {name: scores}, apart, auroc_only=True)
        drawn.append(values[0, 0])
        n_redrawn += again
    return _outcome(auroc(y, scores_a), auroc(y, scores_b), drawn[0] - drawn[1], alternative, n_redrawn)


def roc_tests(
    y,
    scores: Mapping[str, object],
    pairs: Sequence[tuple[str, str]],
    alternative: str = "greater",
    n_resamples: int = 10_000,
    seed: int = 0,
    *,
    stratified: bool = True,
    groups=None,
) -> list[RocTest]:
    """One paired test for each (a, b) of ``pairs``, all on the same resamples.

    Equal to :func:`roc_test_result` pair by pair with the same seed. ``groups`` draws whole clusters (then
    ``stratified`` must be False).
    """
    _check_alternative(alternative)
    labels = as_two_classes(y)
    resampling = Resampling(n_resamples=n_resamples, seed=seed, stratified=stratified, groups=groups)
    values, n_redrawn = bootstrap_values(labels, scores, resampling, auroc_only=True)
    drawn = dict(zip(scores, values[:, 0], strict=True))
    point = {name: auroc(labels, s) for name, s in scores.items()}
    return [_outcome(point[a], point[b], drawn[a] - drawn[b], alternative, n_redrawn) for a, b in pairs]


def _outcome(
    auroc_a: float, auroc_b: float, differences: np.ndarray, alternative: str, n_redrawn: int
) -> RocTest:
    # Equal differences would leave a spread of some 1e-17 in floating point: ask for equality instead.
    spread = bool(np.ptp(differences) > 0)
    sd = float(np.std(differences, ddof=1)) if spread else 0.0
    difference = auroc_a - auroc_b
    unspread = float(np.copysign(np.inf, difference)) if difference else 0.0
    statistic = difference / sd if spread else unspread
    tails = {
        "greater": norm.sf(statistic),
        "less": norm.cdf(statistic),
        "two-sided": 2 * norm.sf(abs(statistic)),
    }
    return RocTest(
        auroc_a=auroc_a,
        auroc_b=auroc_b,
        sd=sd,
        statistic=statistic,
        p=float(tails[alternative]),
        estimable=spread,
        n_redrawn=n_redrawn,
    )


def _check_alternative(alternative: str) -> None:
    if alternative not in ALTERNATIVES:
        raise ValueError(f"alternative: received {alternative!r}; allowed is one of {ALTERNATIVES}")
