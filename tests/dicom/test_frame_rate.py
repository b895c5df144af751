import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from echoclr_core.dicom.frame_rate import frame_rate
from echoclr_core.dicom.values import quiet_pydicom


def rate(default=None, **tags):
    dataset = Dataset()
    with quiet_pydicom():
        for keyword, value in tags.items():
            if isinstance(value, str):  # pydicom refuses to write what files hold all the same
                tag = Tag(tag_for_keyword(keyword))
                value = RawDataElement(tag, "DS", len(value), value.encode(), 0, False, True)
                dataset[tag] = value
            else:
                setattr(dataset, keyword, value)
        return frame_rate(dataset, default)


ALL = {"FrameTimeVector": [0, 40, 60], "FrameTime": 25, "CineRate": 30, "RecommendedDisplayFrameRate": 15}


def test_order_of_belief():
    left = dict(ALL)
    for source, expected in [
        ("FrameTimeVector", 20.0),
        ("FrameTime", 40.0),
        ("CineRate", 30.0),
        ("RecommendedDisplayFrameRate", 15.0),
    ]:
        assert rate(**left) == (pytest.approx(expected), source)
        del left[source]
    assert rate(default=22) == (22.0, "default")
    assert rate() == (None, "missing")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"FrameTimeVector": [0]},
        {"FrameTimeVector": [40, 0, 0]},
        {"FrameTimeVector": [0, 40, -40, 60]},
        {"FrameTime": 0},
        {"FrameTime": -33.3},
        {"FrameTime": 0.0333},  # seconds in a field of milliseconds
        {"FrameTime": ""},
        {"FrameTime": "n/a"},
        {"FrameTime": 1e9},
    ],
)
def test_nonsense_passes_on_to_the_next_source(nonsense):
    assert rate(**nonsense, CineRate=30) == (30.0, "CineRate")


def test_first_entry_of_the_vector_does_not_count():
    assert rate(FrameTimeVector=[9999, 50, 50])[0] == pytest.approx(20.0)


def test_zero_rate_is_no_rate():
    assert rate(CineRate=0, RecommendedDisplayFrameRate=0, default=30) == (30.0, "default")
