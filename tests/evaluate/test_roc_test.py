import json
import shutil
import subprocess

import numpy as np
import pytest
from scipy.stats import norm

from echoclr_core.evaluate.delong import delong_interval, delong_test
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.roc_test import roc_test, roc_test_result, roc_tests


def example(n=120, seed=0, effect_a=1.2, effect_b=0.6):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    shared = rng.normal(size=n)
    a = np.round(shared + rng.normal(size=n) + effect_a * y, 1)
    return y, a, np.round(shared + rng.normal(size=n) + effect_b * y, 1)


def limit_sd(y, a, b, *, stratified: bool) -> float:
    """The spread of the resampled difference for infinitely many resamples, in closed form.

    h[i, j] is the difference of the two models' kernels for case i and control j; a stratified resample
    draws each pair with independent row and column counts. Unstratified, the number of drawn cases M is
    binomial, and the moments are averaged over M given that both classes are drawn.
    """

    def kernel(s):
        return 0.5 + np.sign(s[y == 1][:, None] - s[y == 0][None]) / 2

    h = kernel(a) - kernel(b)
    m, n = h.shape
    T, Q = h.sum(), (h**2).sum()
    R2, C2 = (h.sum(axis=1) ** 2).sum(), (h.sum(axis=0) ** 2).sum()

    def second_moment(M, N):
        first = (1 - 1 / M) * (1 - 1 / N) * T**2 + (1 - 1 / M) * (n / N) * C2
        return (first + (1 - 1 / N) * (m / M) * R2 + (m / M) * (n / N) * Q) / (m * n) ** 2

    if stratified:
        return np.sqrt(second_moment(m, n) - (T / (m * n)) ** 2)
    from scipy.stats import binom

    drawn = np.arange(1, m + n)
    weight = binom.pmf(drawn, m + n, m / (m + n))
    return np.sqrt((weight * second_moment(drawn, m + n - drawn)).sum() / weight.sum() - (T / (m * n)) ** 2)


@pytest.mark.parametrize("stratified", [True, False])
def test_spread_approaches_its_closed_form(stratified):
    y, a, b = example()
    result = roc_test_result(y, a, b, n_resamples=20_000, stratified=stratified)
    limit = limit_sd(y, a, b, stratified=stratified)
    assert result.sd == pytest.approx(limit, rel=5 / np.sqrt(2 * 20_000))
    assert result.statistic == pytest.approx((result.auroc_a - result.auroc_b) / result.sd)
    assert roc_test(y, a, b, n_resamples=20_000, stratified=stratified) == norm.sf(result.statistic)


def test_alternatives_belong_together():
    y, a, b = example()
    greater, less, both = (roc_test(y, a, b, kind, 500) for kind in ("greater", "less", "two-sided"))
    assert greater + less == pytest.approx(1)
    assert both == pytest.approx(2 * min(greater, less))
    assert roc_test(y, b, a, "less", 500) == pytest.approx(greater)
    with pytest.raises(ValueError, match="alternative"):
        roc_test(y, a, b, "better")


def test_direction_stays_fixed_below_chance():
    y, a, b = example(effect_b=-1.5)
    result = roc_test_result(y, a, b, n_resamples=500)
    assert result.auroc_b < 0.5
    assert result.p < 1e-6


def test_no_spread_is_said():
    y, a, _ = example()
    for same in ((a, a), (a, 3 * a + 1), (y, y * 0.4)):
        result = roc_test_result(y, *same, n_resamples=100)
        assert (result.statistic, result.p, result.estimable) == (0.0, 0.5, False)
        assert roc_test(y, *same, "two-sided", n_resamples=100) == 1
    certain = roc_test_result(y, y, np.zeros(len(y)), n_resamples=100)
    assert (certain.statistic, certain.p, certain.estimable) == (np.inf, 0.0, False)


def test_pairs_together_equal_pairs_apart():
    y, a, b = example()
    c = np.random.default_rng(5).normal(size=len(y))
    together = roc_tests(y, {"a": a, "b": b, "c": c}, [("a", "b"), ("a", "c")], "greater", 400, 9)
    assert together[0] == roc_test_result(y, a, b, "greater", 400, 9)
    assert together[1] == roc_test_result(y, a, c, "greater", 400, 9)


def test_unpaired_ignores_the_correlation():
    y, a, b = example()
    alone = [limit_sd(y, s, np.zeros(len(y)), stratified=True) for s in (a, b)]
    unpaired = roc_test_result(y, a, b, n_resamples=10_000, paired=False)
    assert unpaired.sd == pytest.approx(np.hypot(*alone), rel=0.04)
    assert unpaired.sd > roc_test_result(y, a, b).sd


def test_golden_tests(golden, dataset):
    frame = golden.frame(dataset)
    for kind, expected in golden[dataset]["test"].items():
        result = roc_test_result(frame.y, frame.s1, frame.s2, seed=1, stratified=kind == "stratified")
        assert result.statistic == pytest.approx(expected["D"], abs=expected.get("tol_D", 0))
        low, high = expected.get("p_greater_range", [0.5, 0.5])
        assert low <= result.p <= high
        assert limit_sd(
            frame.y.to_numpy(), frame.s1.to_numpy(), frame.s2.to_numpy(), stratified=kind == "stratified"
        ) == pytest.approx(expected["ideal_sd_of_diff"], rel=1e-6, abs=1e-8)


def test_golden_delong(golden, dataset):
    frame, expected = golden.frame(dataset), golden[dataset]["pROC"]["delong"]
    result = delong_test(frame.y, frame.s1, frame.s2)
    assert result.z == pytest.approx(expected["z"], abs=1e-9)
    assert result.p_greater == pytest.approx(expected["greater"], rel=1e-7)
    assert result.p_two_sided == pytest.approx(expected["two.sided"], rel=1e-7)
    low, value, high = expected["ci1"]
    assert delong_interval(frame.y, frame.s1, scale="plain") == pytest.approx((value, low, high), abs=1e-9)


def test_golden_constant_scores(golden):
    frame = golden.frame("x02_constant_s2_n50")
    expected = golden.reference["degenerate"]["x02_constant_s2_n50"]["python"]["test"]["stratified"]
    result = roc_test_result(frame.y, frame.s1, frame.s2)
    assert result.estimable
    assert result.statistic == pytest.approx(expected["D"], abs=expected["tol_D"])


def test_delong_is_the_textbook_sum():
    y, a, b = example()

    def placements(s):
        kernel = 0.5 + np.sign(s[y == 1][:, None] - s[y == 0][None]) / 2
        return kernel.mean(axis=1), kernel.mean(axis=0)

    (va, wa), (vb, wb) = placements(a), placements(b)
    variance = np.cov(va, vb) / len(va) + np.cov(wa, wb) / len(wa)
    se = np.sqrt(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1])
    result = delong_test(y, a, b)
    assert result.se == pytest.approx(se, rel=1e-10)
    assert result.z == pytest.approx((va.mean() - vb.mean()) / se, rel=1e-10)


def test_delong_interval_on_both_scales():
    y, a, _ = example()
    value, low, high = delong_interval(y, a)
    logit = np.log([low / (1 - low), value / (1 - value), high / (1 - high)])
    assert logit[1] - logit[0] == pytest.approx(logit[2] - logit[1])
    assert np.isnan(delong_interval(y, y)[1])
    assert delong_interval(y, y, scale="plain") == (1, 1, 1)
    with pytest.raises(ValueError, match="scale"):
        delong_interval(y, a, scale="probit")
    with pytest.raises(ValueError, match="two cases"):
        delong_interval([1, 0, 0], [0.2, 0.1, 0.3])


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, np.nan, 0.9, 0.02]), [1, np.nan, 1, 0.06])
    assert holm([]).size == 0
    assert np.isnan(holm([np.nan])).all()
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([1.2])


R_PROGRAM = """
suppressMessages(library(pROC)); set.seed(1)
d <- read.csv(file("stdin"))
roc_of <- function(s) roc(d$y, s, levels = c(0, 1), direction = "<", quiet = TRUE)
t <- roc.test(roc_of(d$a), roc_of(d$b), method = "bootstrap", boot.n = 2000, paired = TRUE,
              alternative = "greater", progress = "none")
cat(sprintf("[%.12f, %.12f]", t$statistic, t$p.value))
"""


def test_against_proc_itself():
    if not shutil.which("Rscript"):
        pytest.skip("Rscript is not installed")
    if subprocess.run(["Rscript", "-e", "library(pROC)"], capture_output=True, check=False).returncode:
        pytest.skip("R has no pROC (Debian: r-cran-proc)")
    y, a, b = example()
    rows = "\n".join(["y,a,b", *(f"{i},{j},{k}" for i, j, k in zip(y, a, b, strict=True))])
    run = subprocess.run(["Rscript", "-e", R_PROGRAM], input=rows, capture_output=True, text=True, check=True)
    statistic, p = json.loads(run.stdout)
    ours = roc_test_result(y, a, b)
    assert ours.statistic == pytest.approx(
        statistic, rel=0.05
    )  # both vary by about 0.7 % at 10,000 resamples
    assert ours.p == pytest.approx(p, rel=0.5)
