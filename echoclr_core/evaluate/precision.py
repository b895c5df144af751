"""How precise an AUROC can be with so many cases, and how many cases a comparison would need."""

import math

from scipy.stats import norm

POWER = 0.8
ALPHA = 0.05  # one-sided, without adjustment


def auroc_standard_error(auroc: float, n_cases: int, n_controls: int) -> float:
    """Standard error of an AUROC by Hanley and McNeil (Radiology 1982).

    Variance = [A(1 - A) + (m - 1)(Q1 - A²) + (n - 1)(Q2 - A²)] / (m·n) for m cases and n controls, with
    Q1 = A/(2 - A) and Q2 = 2A²/(1 + A), which hold exactly for exponentially distributed scores. It is 0 for
    A of 0 or 1, which is no statement about precision.

    Raises
    ------
    ValueError
        An AUROC outside [0, 1], or no case or no control.
    """
    if not 0 <= auroc <= 1:
        raise ValueError(f"auroc: received {auroc!r}; allowed is 0 to 1")
    if n_cases < 1 or n_controls < 1:
        raise ValueError(f"received {n_cases} cases and {n_controls} controls; allowed is at least 1 of each")
    square = auroc**2
    from_cases = (n_cases - 1) * (auroc / (2 - auroc) - square)
    from_controls = (n_controls - 1) * (2 * square / (1 + auroc) - square)
    return math.sqrt((auroc * (1 - auroc) + from_cases + from_controls) / (n_cases * n_controls))


def expected_width(auroc: float, n_cases: int, n_controls: int, *, level: float = 0.95) -> float:
    """Expected width of the interval of an AUROC: 2·z times :func:`auroc_standard_error`."""
    return 2 * float(norm.ppf(0.5 + level / 2)) * auroc_standard_error(auroc, n_cases, n_controls)


def cases_needed(statistic: float, n_cases: int, *, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Cases with which a one-sided, paired comparison of two AUROCs would be separated with ``power``.

    Parameters
    ----------
    statistic
        D of the test here: difference over its standard error, both of this test set.
    n_cases
        Cases behind it.
    power, alpha
        Probability of a P value below ``alpha`` if the true difference is the observed one.

    Returns
    -------
    int or None
        The standard error falls with the square root of the cases while prevalence, difference and
        correlation of the two models stay: n·((z_alpha + z_power)/D)², rounded up. None where the difference
        is not above 0.

    Raises
    ------
    ValueError
        A power or alpha outside (0, 1), or no case.
    """
    for name, value in (("power", power), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ValueError(f"{name}: received {value!r}; allowed is a probability between 0 and 1")
    if n_cases < 1:
        raise ValueError(f"n_cases: received {n_cases!r}; allowed is at least 1")
    if not math.isfinite(statistic) or statistic <= 0:
        return None
    wanted = float(norm.ppf(1 - alpha) + norm.ppf(power))
    return math.ceil(n_cases * (wanted / statistic) ** 2 - 1e-9)
