"""Errors at the stored threshold: who they are, the surest first, and what they have in common."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.failures import FAILURE_CAUSES, FAILURES, find_failures

RUN = {"task": "lvh", "init": "echoclr", "cohort": "internal"}


def predictions():
    """Study s<k> with two videos: controls s0–s5, cases s6–s9."""
    scores = [0.1, 0.2, 0.9, 0.3, 0.55, 0.1, 0.05, 0.8, 0.45, 0.9]
    rows = [
        {
            "study_id": f"s{k}",
            "video_id": f"v{k}{part}",
            "label": int(k >= 6),
            "video_probability": score + shift,
            "study_probability": score,
        }
        for k, score in enumerate(scores)
        for part, shift in (("a", 0.02), ("b", -0.02))
    ]
    return pd.DataFrame(rows)


def technical(**columns):
    table = {
        "study_id": [f"s{k}" for k in range(10)],
        "frame_rate": [15.0, 30, 15, 30, 15, 30, 15, 30, 30, 30],
        "n_videos": [2] * 10,
        "view_margin": np.linspace(0.1, 0.9, 10),
        "n_quarantined": [0, 0, 3, 0, 0, 1, 0, 0, 0, 0],
    }
    return pd.DataFrame(table | columns)


def test_the_surest_errors_come_first_with_their_most_extreme_video():
    found, _ = find_failures(predictions(), technical(), 0.5, **RUN)
    rows = found.set_index(["kind", "number"])
    assert rows["study_id"].to_dict() == {
        ("false_positive", 1): "s2",
        ("false_positive", 2): "s4",
        ("false_negative", 1): "s6",
        ("false_negative", 2): "s8",
    }
    assert rows.loc[("false_positive", 1), "video_id"] == "v2a"
    assert rows.loc[("false_negative", 1), "video_id"] == "v6b"
    assert set(found["threshold"]) == {0.5}
    FAILURES.check(found)


def test_causes_compare_with_studies_of_the_same_class_called_rightly():
    found, causes = find_failures(predictions(), technical(), 0.5, **RUN)
    FAILURE_CAUSES.check(causes)
    rows = causes.set_index(["kind", "cause"])
    rate = rows.loc[("false_positive", "low_frame_rate")]
    assert rate[["n_wrong", "n_wrong_with", "n_right", "n_right_with"]].tolist() == [2, 2, 4, 1]
    assert rate["definition"] == "<30 frames per second"
    quarantined = rows.loc[("false_positive", "quarantined_videos")]
    assert quarantined[["n_wrong_with", "n_right_with"]].tolist() == [1, 1]
    # a tenth of ten studies: s8 (0.45) and s4 (0.55) are equally near
    assert set(found.loc[found["near_threshold"], "study_id"]) == {"s4", "s8"}
    # equal numbers of videos part nobody
    assert "few_videos" not in rows.index.get_level_values("cause")


def test_a_threshold_that_calls_nobody():
    found, causes = find_failures(predictions(), technical(), np.inf, **RUN)
    assert set(found["kind"]) == {"false_negative"}
    assert len(found) == 4
    assert "near_threshold" not in set(causes["cause"])


def test_no_error_at_all_and_unknown_values():
    right = predictions().assign(study_probability=lambda t: t["label"] * 0.8 + 0.1)
    right["video_probability"] = right["study_probability"]
    found, causes = find_failures(right, technical(frame_rate=[np.nan, *[20.0, 30, 40] * 3]), 0.5, **RUN)
    assert found.empty
    rate = causes[causes["cause"] == "low_frame_rate"]
    assert rate["n_right"].sum() == 9  # one is not known


def test_a_study_without_technical_row_is_named():
    with pytest.raises(ValueError, match="lacks 1 studies, as s9"):
        find_failures(predictions(), technical().head(9), 0.5, **RUN)
