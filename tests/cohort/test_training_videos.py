"""Which videos a fine-tuning job reads."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.cohort.training_videos import validation_videos


@pytest.fixture
def tables():
    ids = [f"s_{i:03d}" for i in range(60)]
    studies = pd.DataFrame({"study_id": ids, "lvh": pd.array([i % 7 == 0 for i in range(60)], "boolean")})
    studies.loc[50:, "lvh"] = pd.NA
    studies["set"] = "val"
    videos = pd.DataFrame(
        {"video_id": [f"v_{i}" for i in range(120)], "study_id": np.repeat(ids, 2), "set": "val"}
    )
    videos.loc[80:99, "set"] = "train"
    studies.loc[40:49, "set"] = "train"
    return videos, studies


def read(tables, share, **more):
    return validation_videos(*tables, task="lvh", share=share, **({"draw": 0, "seed": 1} | more))


def test_all_labelled_validation_videos_by_default(tables):
    rows = read(tables, "1")
    assert rows["study_id"].nunique() == 40
    assert len(rows) == 80


def test_scaled_it_is_the_floor_nested_with_both_classes(tables):
    small, large = read(tables, "0.05"), read(tables, "0.25")
    assert (small["study_id"].nunique(), large["study_id"].nunique()) == (2, 10)
    assert set(small["study_id"]) < set(large["study_id"])
    assert set(small["label"]) == {0, 1}
    assert len(large) == 20  # all videos of each study
    assert set(large["video_id"]) <= set(read(tables, "1")["video_id"])
    assert not read(tables, "0.25", draw=1).equals(large)


def test_too_small_a_share_is_refused(tables):
    with pytest.raises(ValueError, match=r"validation set of lvh at 0\.01: .*at least 2 are needed"):
        read(tables, "0.01")
