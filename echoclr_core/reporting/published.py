"""What the paper printed, to stand beside our own numbers, always marked as published.

Sources: Holste et al., Communications Medicine 2024, section "Results", and the workshop paper of 2022
(IMLH), section 3.1. Only numbers of the text; the tables of the supplement are not at hand. Facts for
comparison, never an input of any computation.
"""

from collections.abc import Collection

import pandas as pd

SOURCES = {
    "paper": "Holste et al., Communications Medicine 2024",
    "workshop": "Holste et al., IMLH workshop at ICML 2022",
}

# task, ratio, cohort, init: AUROC, low, high
_AUROC = {
    ("severe_as", 0.01, "internal", "echoclr"): (0.818, 0.793, 0.840),
    ("severe_as", 0.01, "internal", "mi_simclr"): (0.718, 0.685, 0.751),
    ("severe_as", 0.01, "internal", "simclr"): (0.569, 0.534, 0.604),
    ("severe_as", 0.01, "internal", "kinetics400"): (0.612, 0.577, 0.647),
    ("severe_as", 0.01, "internal", "random"): (0.511, 0.477, 0.545),
    ("severe_as", 0.01, "external", "echoclr"): (0.874, 0.820, 0.922),
    ("severe_as", 0.01, "external", "mi_simclr"): (0.702, 0.610, 0.795),
    ("severe_as", 0.01, "external", "simclr"): (0.528, 0.427, 0.628),
    ("severe_as", 0.01, "external", "kinetics400"): (0.645, 0.525, 0.761),
    ("severe_as", 0.01, "external", "random"): (0.437, 0.338, 0.535),
    ("severe_as", 1.0, "internal", "echoclr"): (0.934, 0.920, 0.947),
    ("severe_as", 1.0, "internal", "kinetics400"): (0.938, 0.925, 0.951),
    ("severe_as", 1.0, "external", "echoclr"): (0.947, 0.884, 0.988),
    ("severe_as", 1.0, "external", "kinetics400"): (0.954, 0.921, 0.983),
    ("lvh", 0.1, "internal", "echoclr"): (0.723, 0.693, 0.751),
    ("lvh", 0.1, "internal", "mi_simclr"): (0.666, 0.636, 0.696),
    ("lvh", 0.1, "internal", "simclr"): (0.619, 0.587, 0.650),
    ("lvh", 0.1, "internal", "kinetics400"): (0.605, 0.574, 0.636),
    ("lvh", 0.1, "internal", "random"): (0.488, 0.456, 0.521),
    ("lvh", 0.1, "external", "echoclr"): (0.701, 0.676, 0.725),
    ("lvh", 0.1, "external", "kinetics400"): (0.605, 0.578, 0.632),
    ("lvh", 0.1, "external", "random"): (0.493, 0.465, 0.520),
    ("lvh", 1.0, "internal", "echoclr"): (0.795, 0.770, 0.819),
    ("lvh", 1.0, "internal", "kinetics400"): (0.807, 0.783, 0.830),
    ("lvh", 1.0, "external", "echoclr"): (0.804, 0.783, 0.824),
    ("lvh", 1.0, "external", "kinetics400"): (0.806, 0.786, 0.827),
}

# The workshop calls EchoCLR "MI-SimCLR+FO".
_WORKSHOP_AUROC = {
    ("severe_as", 0.01, "internal", "echoclr"): (0.818, 0.794, 0.840),
    ("severe_as", 0.01, "internal", "kinetics400"): (0.644, 0.610, 0.677),
    ("severe_as", 0.05, "internal", "echoclr"): (0.872, 0.853, 0.891),
    ("severe_as", 0.05, "internal", "mi_simclr"): (0.853, 0.833, 0.873),
    ("severe_as", 0.05, "internal", "kinetics400"): (0.799, 0.775, 0.822),
}

COHORT = {
    "development studies": 7_082,
    "development videos": 23_448,
    "external studies": 2_040,
    "external videos": 6_530,
}


def published_metrics(source: str = "paper", tasks: Collection[str] | None = None) -> pd.DataFrame:
    """Every printed AUROC: task, ratio, cohort, init, metric, value, ci_low, ci_high; one row each.

    Parameters
    ----------
    source
        "paper" (2024) or "workshop" (2022); ValueError for another. Its full name is ``attrs["source"]``.
    tasks
        Those whose numbers are wanted; None for all.
    """
    if source not in SOURCES:
        raise ValueError(f"published numbers: received {source!r}; allowed is one of {list(SOURCES)}")
    printed = _AUROC if source == "paper" else _WORKSHOP_AUROC
    rows = [(*key, "auroc", *values) for key, values in printed.items() if tasks is None or key[0] in tasks]
    table = pd.DataFrame(
        rows, columns=["task", "ratio", "cohort", "init", "metric", "value", "ci_low", "ci_high"]
    )
    table.attrs["source"] = SOURCES[source]
    return table
