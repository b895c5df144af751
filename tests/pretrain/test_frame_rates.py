"""The frame-order task uses clips of different frames only."""

import dataclasses

import numpy as np
import pytest

from echoclr_core.pretrain.batches import have_order
from echoclr_core.pretrain.plan import check_videos
from echoclr_core.pretrain.settings import PretrainSettings

SETTINGS = PretrainSettings(clip_length=4)


@pytest.mark.parametrize(
    ("source_fps", "stride", "expected"),
    [(15.0, 1, True), (14.99, 1, True), (30.0, 1, True), (10.0, 1, False), (7.5, 1, False), (7.5, 2, True)],
)
def test_a_clip_that_holds_a_frame_twice_has_no_order(make_store, source_fps, stride, expected):
    store = make_store((2,))
    store.index["source_fps"] = [source_fps, 15.0]
    settings = dataclasses.replace(SETTINGS, frame_stride=stride)
    found = have_order(store, list(store.index["video_id"]), settings)
    np.testing.assert_array_equal(found, [expected, True])


def test_a_short_video_has_no_order(make_store):
    store = make_store((3,), frames=[3, 4, 5])
    assert list(have_order(store, list(store.index["video_id"]), SETTINGS)) == [False, True, True]


def test_a_run_without_any_ordered_clip_is_refused(make_store):
    store = make_store((2,))
    store.index["source_fps"] = 5.0
    with pytest.raises(ValueError, match=r"no video has the 4 frames .* all of them different"):
        check_videos(store, store.index, SETTINGS)
    check_videos(store, store.index, dataclasses.replace(SETTINGS, method="mi_simclr"))
