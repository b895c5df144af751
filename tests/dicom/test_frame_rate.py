import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from echoclr_core.dicom.frame_rate import frame_rate
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.values import integer, quiet_pydicom


def rate(default=None, frames=1000, **tags):
    dataset = Dataset()
    with quiet_pydicom():
        for keyword, value in tags.items():
            if isinstance(value, str):  # pydicom refuses to write what files hold all the same
                tag = Tag(tag_for_keyword(keyword))
                value = RawDataElement(tag, "DS", len(value), value.encode(), 0, False, True)
                dataset[tag] = value
            else:
                setattr(dataset, keyword, value)
        return frame_rate(dataset, frames, default)


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


def test_entries_beyond_the_loop_do_not_count():
    assert rate(frames=3, FrameTimeVector=[0, 50, 50, 5000, 0])[0] == pytest.approx(20.0)
    assert rate(frames=3, FrameTimeVector=[0, 50, 50, -1])[0] == pytest.approx(20.0)
    assert rate(frames=1, FrameTimeVector=[0, 50, 50], CineRate=30) == (30.0, "CineRate")


def test_the_loop_is_the_one_that_is_read(make_dicom):
    path = make_dicom(np.zeros((3, 6, 8), np.uint8), FrameTimeVector=[0, 50, 50, 5000])
    assert read_cine(path).fps == pytest.approx(20.0)


@pytest.mark.parametrize("first", [0, 33])
def test_times_since_the_first_frame_are_read_by_their_steps(first):
    times = [first + round(index * 1000 / 30) for index in range(60)]
    assert rate(FrameTimeVector=times) == (pytest.approx(30.0, rel=0.01), "FrameTimeVector")


@pytest.mark.parametrize(
    "steps",
    [
        [0, 40, 80, 120],  # too few to tell
        [0, 40, 41, 42, 43, 44],  # a rate that falls
        [10, 11, 12, 13, 14, 15],
        [0, 40, 80, 120, 120, 160],  # not strictly
        [0, 40, 80, 150, 190],  # not evenly
    ],
)
def test_steps_that_rise_are_steps(steps):
    assert rate(FrameTimeVector=steps)[0] == pytest.approx(1000 * (len(steps) - 1) / sum(steps[1:]))


def test_zero_rate_is_no_rate():
    assert rate(CineRate=0, RecommendedDisplayFrameRate=0, default=30) == (30.0, "default")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"FrameTime": "33,333"}, 1000 / 33.333),
        ({"FrameTimeVector": "0\\40,125\\40,125"}, 1000 / 40.125),
        ({"FrameTime": ",5e2"}, None),
        ({"FrameTime": "1,033.3"}, None),  # neither a decimal comma nor a number
        ({"FrameTime": "0,033,3"}, None),
    ],
)
def test_a_comma_in_a_decimal_number_is_a_decimal_comma(tags, expected):
    found, _ = rate(**tags)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_comma_in_a_whole_number_is_none():
    dataset = Dataset()
    dataset[0x00280008] = RawDataElement(Tag(0x00280008), "IS", 6, b"1,000 ", 0, False, True)
    with quiet_pydicom():
        assert integer(dataset, "NumberOfFrames") is None


TIME, VECTOR = 0x00181063, 0x00181065


@pytest.mark.parametrize(
    ("pointer", "tags", "expected"),
    [
        (TIME, ALL, (40.0, "FrameTime")),
        (VECTOR, ALL, (20.0, "FrameTimeVector")),
        ([TIME, VECTOR], ALL, (20.0, "FrameTimeVector")),
        (TIME, {"FrameTime": 25, "FrameTimeVector": [0, 40]}, (40.0, "FrameTime")),
        (TIME, {"FrameTime": 0, "FrameTimeVector": [0, 50]}, (20.0, "FrameTimeVector")),  # names nonsense
        (0x00181060, ALL, (20.0, "FrameTimeVector")),  # TriggerTime: no rate
        (0x00180040, ALL, (30.0, "CineRate")),
    ],
)
def test_frame_increment_pointer_says_which_attribute_counts(pointer, tags, expected):
    assert rate(FrameIncrementPointer=pointer, **tags) == (pytest.approx(expected[0]), expected[1])


def groups_of(count, fill):
    items = []
    for number in range(count):
        content, item = Dataset(), Dataset()
        fill(content, number)
        item.FrameContentSequence = [content]
        items.append(item)
    return items


def shared(**tags):
    item = Dataset()
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return [item]


def acquired(content, number):
    content.FrameAcquisitionDateTime = f"2020013110000{number * 0.04:.2f}+0100"


def offset(content, number):
    content.TemporalPositionTimeOffset = 0.05 * number


def duration(content, number):
    content.FrameAcquisitionDuration = 25.0


@pytest.mark.parametrize(
    ("tags", "expected", "source"),
    [
        ({"SharedFunctionalGroupsSequence": shared(FrameTime=40)}, 25.0, "FrameTime"),
        ({"SharedFunctionalGroupsSequence": shared(CineRate=24)}, 24.0, "CineRate"),
        ({"PerFrameFunctionalGroupsSequence": groups_of(6, acquired)}, 25.0, "FrameAcquisitionDateTime"),
        ({"PerFrameFunctionalGroupsSequence": groups_of(6, offset)}, 20.0, "TemporalPositionTimeOffset"),
        ({"PerFrameFunctionalGroupsSequence": groups_of(6, duration)}, 40.0, "FrameAcquisitionDuration"),
        ({"PerFrameFunctionalGroupsSequence": groups_of(1, offset)}, None, "missing"),
        (
            {"PerFrameFunctionalGroupsSequence": groups_of(6, duration), "FrameTime": 50},
            20.0,
            "FrameTime",
        ),
    ],
)
def test_rates_in_functional_groups(tags, expected, source):
    found, where = rate(**tags)
    assert where == source
    assert found == (None if expected is None else pytest.approx(expected))
