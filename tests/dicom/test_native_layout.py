"""Native data that contradicts its header: found from length and picture, used or refused, never slid."""

import numpy as np
import pytest
from pictures import doppler_loop, fan_loop, gradient_loop, pairs_of, ybr_of

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

GREY = fan_loop(5, 119, 159)  # of odd size
COLOUR = doppler_loop(5, 119, 159)


def grey_of(path):
    return np.stack(list(read_cine(path).frames()))


def rgb_of(path):
    return np.stack(list(read_cine(path).colour_frames()))


def outcome_of(path):
    with pytest.raises(UnusableFile) as caught:
        grey_of(path)
    return caught.value.outcome


def with_row_padding(frames, padding, value=0):
    rows = frames.reshape(*frames.shape[:2], -1)
    return np.pad(rows, ((0, 0), (0, 0), (0, padding)), constant_values=value).tobytes()


def with_frame_padding(frames, padding):
    return b"".join(frame.tobytes() + b"\0" * padding for frame in frames)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
@pytest.mark.parametrize("frames", [GREY, COLOUR, gradient_loop(5, 23, 31), gradient_loop(2, 23, 31)])
def test_a_byte_after_every_odd_frame(make_dicom, frames, syntax):
    path = make_dicom(frames, syntax=syntax, raw=with_frame_padding(frames, 1))
    found = grey_of(path) if frames.ndim == 3 else rgb_of(path)
    np.testing.assert_array_equal(found, frames)


def test_a_byte_after_every_odd_frame_of_a_loop_without_number(make_dicom):
    path = make_dicom(GREY, raw=with_frame_padding(GREY, 1), NumberOfFrames=None)
    np.testing.assert_array_equal(grey_of(path), GREY)


@pytest.mark.parametrize("padding", [2, 6, 512])
def test_zeros_after_every_frame(make_dicom, padding):
    path = make_dicom(COLOUR, raw=with_frame_padding(COLOUR, padding))
    np.testing.assert_array_equal(rgb_of(path), COLOUR)


@pytest.mark.parametrize("padding", [1, 2, 5, 33])
@pytest.mark.parametrize("value", [0, 255])
def test_rows_padded_to_a_rounder_length(make_dicom, padding, value):
    for frames, read in ((GREY, grey_of), (COLOUR, rgb_of)):
        path = make_dicom(frames, raw=with_row_padding(frames, padding, value))
        np.testing.assert_array_equal(read(path), frames)


@pytest.mark.parametrize("shape", [(120, 159), (119, 159), (24, 31)])
def test_padded_rows_of_422(make_dicom, shape):
    """Pairs of an odd row have a pixel more than the picture."""
    ybr = ybr_of(doppler_loop(5, *shape))
    path = make_dicom(ybr, raw=pairs_of(ybr).tobytes(), PhotometricInterpretation="YBR_FULL_422")
    np.testing.assert_array_equal(grey_of(path), ybr[..., 0])


def test_rows_of_422_padded_to_a_rounder_length(make_dicom):
    ybr = ybr_of(doppler_loop(5, 120, 158))
    raw = with_row_padding(pairs_of(ybr), 4)
    path = make_dicom(ybr, raw=raw, PhotometricInterpretation="YBR_FULL_422")
    np.testing.assert_array_equal(grey_of(path), ybr[..., 0])


def test_zeros_after_the_last_frame(make_dicom):
    path = make_dicom(COLOUR, raw=COLOUR.tobytes() + bytes(300))
    np.testing.assert_array_equal(rgb_of(path), COLOUR)


def test_more_frames_than_the_header_names(make_dicom):
    for frames in (GREY, gradient_loop()[..., 1].copy()):
        np.testing.assert_array_equal(grey_of(make_dicom(frames, NumberOfFrames=2)), frames[:2])


def test_a_length_that_nothing_explains_is_corrupt(make_dicom):
    assert outcome_of(make_dicom(GREY, raw=GREY.tobytes() + b"\7" * 300)) == "corrupt"
    assert outcome_of(make_dicom(GREY, raw=GREY.tobytes() + b"\7" * 301)) == "corrupt"


@pytest.mark.parametrize("words", [GREY.astype("<u2"), GREY.astype("<u2") * 257, GREY.astype("<u2") << 8])
def test_words_under_a_header_of_bytes_are_corrupt(make_dicom, words):
    assert outcome_of(make_dicom(GREY, raw=words.tobytes())) == "corrupt"


def test_colour_under_a_header_of_grey_is_corrupt(make_dicom):
    assert outcome_of(make_dicom(GREY, raw=COLOUR.tobytes())) == "corrupt"


def test_bytes_under_a_header_of_words_are_truncated(make_dicom):
    assert outcome_of(make_dicom(GREY.astype(np.uint16), raw=GREY.tobytes())) == "truncated"


@pytest.mark.parametrize("declared", [0, 1])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize(
    "frames", [COLOUR, doppler_loop(2, 120, 160), gradient_loop(), np.repeat(GREY[..., None], 3, axis=3)]
)
def test_planes_called_interleaved_and_the_reverse(make_dicom, frames, photometric, planar, declared):
    stored = frames if photometric == "RGB" else ybr_of(frames)
    raw = (np.moveaxis(stored, 3, 1) if planar else stored).tobytes()
    path = make_dicom(stored, raw=raw, PlanarConfiguration=declared, PhotometricInterpretation=photometric)
    assert np.abs(rgb_of(path).astype(int) - frames).max() <= 2


def test_planes_of_words(make_dicom):
    wide = COLOUR.astype(np.uint16) * 257
    path = make_dicom(wide, raw=np.moveaxis(wide, 3, 1).astype("<u2").tobytes(), PlanarConfiguration=0)
    np.testing.assert_array_equal(rgb_of(path), COLOUR)


@pytest.mark.parametrize("shape", [(1, 9), (3, 3), (7, 40)])
def test_small_pictures_say_nothing_and_their_length_counts(make_dicom, shape):
    frames = np.random.default_rng(0).integers(0, 256, (6, *shape)).astype(np.uint8)
    np.testing.assert_array_equal(grey_of(make_dicom(frames, NumberOfFrames=3)), frames[:3])
    path = make_dicom(frames, raw=with_frame_padding(frames, shape[0] * shape[1] % 2))
    np.testing.assert_array_equal(grey_of(path), frames)
