"""Views that a table names."""

import pandas as pd
import pytest

from echoclr_core.views.provided import provided_decisions

VIDEOS = pd.DataFrame({"video_id": ["v_a", "v_b", "v_c"], "study_id": ["s_1", "s_1", "s_2"]})


def provided(*views):
    return pd.DataFrame({"video_id": ["v_c", "v_b", "v_a"], "view": views})


def test_a_video_without_a_row_is_named(tmp_path):
    videos = pd.DataFrame({"video_id": ["v_1", "v_2", "v_3"], "study_id": "s_1"})
    provided = pd.DataFrame({"video_id": ["v_1"], "view": ["plax"]})
    with pytest.raises(ValueError, match=r"2 of 3 videos have no row, v_2 first"):
        provided_decisions(videos, provided, {"plax": "plax"})


def test_the_named_view_is_the_decision():
    found = provided_decisions(VIDEOS, provided("unknown", "PLAX", "a4c"), {"plax": "plax"})
    assert found["view"].tolist() == ["a4c", "PLAX", "unknown"]
    assert found["kept"].tolist() == [False, True, False]
    assert (found["n_frames_used"] == 0).all()


def test_without_a_column_every_video_is_kept():
    found = provided_decisions(VIDEOS, provided(None, None, None), {"plax": "plax"})
    assert found["kept"].all()
    assert set(found["view"]) == {"plax"}
    assert provided_decisions(VIDEOS[:0], provided(None, None, None), {"plax": "plax"}).empty
