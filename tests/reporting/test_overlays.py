"""A saliency map over a frame."""

import numpy as np
import pytest

from echoclr_core.reporting.overlays import overlay


def test_overlay_shows_a_weak_map_as_weak():
    frame = np.full((4, 4), 100, np.uint8)
    saliency = np.zeros((4, 4))
    saliency[0, 0], saliency[0, 1], saliency[0, 2] = 2.0, 0.02, 9.0
    found = overlay(frame, saliency, scale=2.0)
    assert found.shape == (4, 4, 3)
    assert found.dtype == np.uint8
    assert (found[1:] == 100).all()
    assert np.abs(found[0, 1].astype(int) - 100).max() <= 2
    assert np.abs(found[0, 0].astype(int) - 100).max() > 50
    np.testing.assert_array_equal(found[0, 0], found[0, 2])  # beyond the scale: its top
    np.testing.assert_array_equal(overlay(frame, np.zeros((4, 4)), scale=0.0), np.full((4, 4, 3), 100))
    with pytest.raises(ValueError, match="overlay"):
        overlay(frame, saliency[:2], scale=1.0)
