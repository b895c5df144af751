"""Where clips start."""

import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.video.sampling import clip_start, even_starts, is_short


def test_every_valid_start_is_drawn_equally_the_last_included():
    rng = generator(0, "clip")
    starts = np.array([clip_start(20, 16, rng) for _ in range(5000)])
    counts = np.bincount(starts, minlength=5)
    assert len(counts) == 5
    assert counts.min() > 850  # 1000 expected, sd 28


@pytest.mark.parametrize("n_frames", [1, 3, 15, 16])
def test_short_and_exact_videos_start_at_zero(n_frames):
    rng = generator(0, "clip")
    assert {clip_start(n_frames, 16, rng) for _ in range(20)} == {0}
    assert is_short(n_frames, 16) == (n_frames < 16)
    np.testing.assert_array_equal(even_starts(n_frames, 16, 4), [0, 0, 0, 0])


def test_even_starts_run_from_first_to_last_and_see_every_part():
    np.testing.assert_array_equal(even_starts(100, 16, 4), [0, 28, 56, 84])
    np.testing.assert_array_equal(even_starts(17, 16, 4), [0, 0, 1, 1])
    np.testing.assert_array_equal(even_starts(80, 4, 1), [0])
    for n_frames in range(16, 120):
        starts = even_starts(n_frames, 16, 4)
        assert starts[0] == 0
        assert starts[-1] + 16 == n_frames
        assert (np.diff(starts) >= 0).all()
        assert np.ptp(np.diff(starts)) <= 1


@pytest.mark.parametrize(("n_frames", "length", "count"), [(0, 4, 1), (4, 0, 1), (4, 4, 0)])
def test_impossible_numbers_are_refused(n_frames, length, count):
    with pytest.raises(ValueError, match="at least 1"):
        even_starts(n_frames, length, count)
