"""Views that a table names."""

import pandas as pd

from echoclr_core.views.given import given_decisions

VIDEOS = pd.DataFrame({"video_id": ["v_a", "v_b", "v_c"], "study_id": ["s_1", "s_1", "s_2"]})


def given(*views):
    return pd.DataFrame({"video_id": ["v_c", "v_b", "v_a"], "view": views})


def test_the_named_view_is_the_decision():
    found = given_decisions(VIDEOS, given("unknown", "PLAX", "a4c"), "plax")
    assert found["view"].tolist() == ["a4c", "PLAX", "unknown"]
    assert found["is_plax"].tolist() == [False, True, False]
    assert (found["n_frames_used"] == 0).all()


def test_without_a_column_every_video_is_kept():
    found = given_decisions(VIDEOS, given(None, None, None), "plax")
    assert found["is_plax"].all()
    assert set(found["view"]) == {"plax"}
    assert given_decisions(VIDEOS[:0], given(None, None, None), "plax").empty
