import pickle

import pytest
from pydicom.dataset import Dataset

from echoclr_core.dicom.colour import read_palette
from echoclr_core.dicom.outcomes import OUTCOME_MEANINGS, OUTCOMES, UnusableFile
from echoclr_core.dicom.regions import read_regions
from echoclr_core.dicom.values import strings


def test_vocabulary_is_fixed_and_explained():
    assert (
        *(
            "ok",
            "link_outside",
            "not_dicom",
            "duplicate",
            "missing_file",
            "pseudonym_collision",
            "changed",
            "no_pixels",
            "single_frame",
            "too_short",
            "truncated",
            "corrupt",
        ),
        *(
            "unsupported_syntax",
            "not_ultrasound_cine",
            "spectral_doppler_or_mmode",
            "no_frame_rate",
            "fps_below_limit",
            "no_study_key",
            "blank",
        ),
        *("no_sector", "burned_in_text", "rejected", "stale_decision"),
        *("colour_doppler", "timeout", "crashed"),
    ) == OUTCOMES
    assert all(OUTCOME_MEANINGS[word] for word in OUTCOMES)


def test_message_says_file_tag_value_and_why():
    error = UnusableFile("corrupt", "a number is needed", path="/data/x", tag="Rows", value="abc")
    assert isinstance(error, ValueError)
    assert str(error) == "/data/x: corrupt: Rows is 'abc': a number is needed"
    assert (error.outcome, error.tag, error.value, error.why) == (
        *("corrupt", "Rows", "abc", "a number is needed"),
    )


def test_error_survives_the_way_between_processes():
    error = UnusableFile("truncated", "too few", path="/data/x", tag="NumberOfFrames", value=30)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is UnusableFile
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_long_values_are_cut():
    assert len(UnusableFile("corrupt", "x", tag="Rows", value="9" * 10**6).value) == 120


@pytest.mark.parametrize("word", ["ok", "broken"])
def test_unknown_outcomes_are_our_own_mistake(word):
    with pytest.raises(AssertionError):
        UnusableFile(word, "x")


class HeaderWithoutMemory(Dataset):
    """Every look at a value fails as under a limit of memory."""

    def __getitem__(self, key):
        raise MemoryError

    def get(self, key, default=None):
        raise MemoryError

    def __getattr__(self, name):
        raise MemoryError


@pytest.mark.parametrize(
    "read",
    [
        lambda header: read_regions(header, 100, 100),
        lambda header: strings(header, "Manufacturer"),
        lambda header: read_palette(header, 8, little_endian=True),
    ],
    ids=["regions", "values", "palette"],
)
def test_want_of_memory_is_not_taken_for_a_broken_header(read):
    header = HeaderWithoutMemory()
    header.Manufacturer = "Anyone"
    with pytest.raises(MemoryError):
        read(header)
