"""Patients into training, validation and test, so that every view can be learnt and tested."""

from collections.abc import Sequence

import numpy as np

from echoclr_core.common.randomness import generator

SETS = ("train", "validation", "test")
COVERAGE = ("train", "test", "validation")  # which set gets a scarce view's patients first


def split_patients(
    views: Sequence[str],
    patient_ids: Sequence[str],
    *,
    validation: float = 0.15,
    test: float = 0.2,
    seed: int = 0,
) -> dict[str, list[str]]:
    """Divide patients among three sets; all videos of a patient go with the patient.

    The rarest view chooses first: one of its patients for training, one for the test, one for validation,
    as long as it has patients that no rarer view needed. The others then fill the sets up to their shares.
    Every view is in the training set, and in the other two wherever its patients allow.

    Parameters
    ----------
    views, patient_ids
        View and patient of each video.
    validation, test
        Shares of the patients, each above 0 and together below 1.
    seed
        Decides who goes where.

    Returns
    -------
    dict
        "train", "validation", "test" to sorted patient IDs; disjoint, together all patients.

    Raises
    ------
    ValueError
        If there are fewer than three patients, a view has only one, or a set would be empty.
    """
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise ValueError(f"validation {validation}, test {test}: both must be above 0, together below 1")
    patients = sorted(set(patient_ids))
    if len(patients) < len(SETS):
        raise ValueError(f"patient_ids: {len(patients)} patients; at least {len(SETS)} are needed, one a set")
    holders = {
        view: sorted({patient for patient, name in zip(patient_ids, views, strict=True) if name == view})
        for view in sorted(set(views))
    }
    for view, those in holders.items():
        if len(those) < 2:
            raise ValueError(
                f"view {view!r} has videos of {len(those)} patient; at least 2 patients are needed, "
                "one to learn from and one to test on"
            )
    order = [patients[i] for i in generator(seed, "view-split").permutation(len(patients))]
    assigned = _cover(holders, order)
    _fill(assigned, order, {"validation": validation, "test": test, "train": 1 - validation - test})
    result = {name: sorted(p for p in patients if assigned[p] == name) for name in SETS}
    assert all(any(assigned[p] == "train" for p in those) for those in holders.values())
    empty = [name for name in SETS if not result[name]]
    if empty:
        raise ValueError(
            f"patient_ids: {len(patients)} patients are too few for {len(holders)} views; "
            f"nobody is left for {empty[0]}"
        )
    return result


def _cover(holders: dict[str, list[str]], order: list[str]) -> dict[str, str]:
    """Patient to set for those who are needed so that the views stand in the sets."""
    assigned: dict[str, str] = {}
    for view in sorted(holders, key=lambda name: (len(holders[name]), name)):
        those = [patient for patient in order if patient in set(holders[view])]
        for name in COVERAGE:
            if any(assigned.get(patient) == name for patient in those):
                continue
            free = [patient for patient in those if patient not in assigned]
            # A view that cannot be learnt is worse than one that cannot be tested.
            if not free and name == "train":
                free = those
            if free:
                assigned[free[0]] = name
    return assigned


def _fill(assigned: dict[str, str], order: list[str], shares: dict[str, float]) -> None:
    """Give each free patient to the set that is furthest below its share."""
    for patient in order:
        if patient not in assigned:
            have = {name: list(assigned.values()).count(name) for name in shares}
            assigned[patient] = max(
                shares, key=lambda name: (have[name] == 0, shares[name] * len(order) - have[name])
            )


def rows_of(patients: Sequence[str], patient_ids: Sequence[str]) -> np.ndarray:
    """Row numbers of the videos of ``patients``."""
    return np.flatnonzero(np.isin(np.asarray(patient_ids, dtype=object), list(patients)))
