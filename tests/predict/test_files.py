"""What became of each file of a new patient."""

import pandas as pd
import pytest

from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.predict.files import no_score_reason, outcome_counts, patient_files
from echoclr_core.predict.tables import FILE_OUTCOMES

VIDEOS = ("v_a", "v_b", "v_c")


@pytest.mark.parametrize(
    ("known_only", "counts"),
    [(False, "scored 2, another_view 1"), (True, "another_view 1, no_frame_rate 1, scored 1")],
)
def test_a_video_without_a_known_frame_rate_is_left_out_where_the_study_did_so(known_only, counts):
    sources = pd.DataFrame({"video_id": VIDEOS, "study_id": "s_a", "outcome": "ok"})
    sources = sources.assign(fps_source=["FrameTime", "default", "default"]).reindex(
        columns=list(SOURCE_FILES.columns)
    )
    views = pd.DataFrame({"video_id": VIDEOS, "outcome": "ok", "view": "plax", "probability": 0.9})
    views["kept"] = [True, True, False]
    masked = pd.DataFrame({"video_id": VIDEOS[:2], "outcome": "ok", "hull_fraction": 0.5})
    files = patient_files(sources, views, masked, known_frame_rate=known_only)
    assert outcome_counts(files) == counts


def test_the_reason_says_what_became_of_the_files_and_which_views_they_show():
    files = pd.DataFrame(
        {
            "outcome": ["another_view", "corrupt", "another_view", "another_view", "no_calibration"],
            "view": ["a4c", None, "psax", "a4c", "plax"],
        }
    )
    assert no_score_reason(files, "plax") == (
        "no video of the view plax could be scored; 3 of 5 files: shows another view (a4c 2, psax 1); 1 of 5 "
        "files: the file cannot be opened, contradicts itself, or its pixel data cannot be decoded; 1 of 5 "
        "files: states no millimetres a pixel, which the models of this study need"
    )


def test_every_outcome_has_a_meaning():
    for outcome in FILE_OUTCOMES:
        files = pd.DataFrame({"outcome": [outcome], "view": [None]})
        assert no_score_reason(files, "plax").startswith("no video of the view plax could be scored; 1 of 1")
