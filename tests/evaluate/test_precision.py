"""Expected widths and numbers of cases against a published example, a simulation and the power itself."""

import numpy as np
import pytest
from scipy.stats import norm

from echoclr_core.evaluate.metrics import auroc
from echoclr_core.evaluate.precision import auroc_standard_error, cases_needed, expected_width


def test_the_published_example():
    """Hanley and McNeil 1982: area 0.893, 51 abnormal and 58 normal images, standard error 0.032."""
    assert auroc_standard_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.0006)


def test_it_is_exact_for_exponential_scores():
    """Scores of cases are exponential with mean 3, of controls with mean 1: the area is 3/4."""
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [12, 40])
    areas = [auroc(y, np.concatenate([rng.exponential(3, 12), rng.exponential(1, 40)])) for _ in range(4000)]
    assert np.mean(areas) == pytest.approx(0.75, abs=0.006)
    assert np.std(areas) == pytest.approx(auroc_standard_error(0.75, 12, 40), rel=0.04)


def test_width():
    assert expected_width(0.8, 30, 300) == pytest.approx(2 * 1.959964 * auroc_standard_error(0.8, 30, 300))
    assert expected_width(0.8, 30, 300) > expected_width(0.8, 120, 300)
    # the other way round, the AUROC is 1 - A: cases and controls change places
    assert auroc_standard_error(0.8, 30, 300) == pytest.approx(auroc_standard_error(0.2, 300, 30))


@pytest.mark.parametrize(("statistic", "cases"), [(0.5, 31), (1.2, 160), (3.0, 200), (0.01, 31)])
def test_the_power_is_reached_with_these_cases_and_not_with_one_less(statistic, cases):
    needed = cases_needed(statistic, cases, power=0.8, alpha=0.05)

    def power(n):
        return norm.cdf(statistic * np.sqrt(n / cases) - norm.ppf(0.95))

    assert power(needed) >= 0.8 - 1e-9
    assert power(needed - 1) < 0.8


def test_no_difference_needs_no_number():
    assert cases_needed(0.0, 31) is None
    assert cases_needed(-1.0, 31) is None
    assert cases_needed(float("nan"), 31) is None
    assert cases_needed(float("inf"), 31) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auroc_standard_error(1.2, 3, 3), "auroc: received 1.2"),
        (lambda: auroc_standard_error(0.7, 0, 3), "0 cases and 3 controls"),
        (lambda: cases_needed(1.0, 0), "n_cases: received 0"),
        (lambda: cases_needed(1.0, 9, power=1.0), "power: received 1.0"),
        (lambda: cases_needed(1.0, 9, alpha=0), "alpha: received 0"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
