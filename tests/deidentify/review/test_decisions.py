"""The file of decisions is read strictly, and drawn shapes are what was drawn."""

import csv
import time

import numpy as np
import pytest

from echoclr_core.deidentify.review.decisions import (
    COLUMNS,
    PROBLEMS_SHOWN,
    DecisionError,
    by_shard,
    decisions_digest,
    mask_digest,
    read_decisions,
)
from echoclr_core.deidentify.review.drawn_shape import outline, parse_geometry, shape_mask

ROW = {
    "video_id": "v_" + "a" * 16,
    "study_id": "s_" + "b" * 16,
    "decision": "correct",
    "shape": "polygon",
    "geometry": "10 10; 90 10; 90 70; 10 70",
    "width": "100",
    "height": "80",
    "content": "0" * 64,
    "mask": "",
}


def write(path, *rows, columns=COLUMNS):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return path


def test_a_row_is_a_decision(tmp_path):
    more = {"video_id": "v_" + "c" * 16, "decision": "accept", "shape": "", "geometry": "", "mask": "1" * 64}
    found = read_decisions(write(tmp_path / "decisions.csv", {}, more))
    assert [one.decision for one in found.values()] == ["correct", "accept"]
    mask = found[ROW["video_id"]].drawn_mask()
    assert mask.shape == (80, 100)
    assert mask[10:70, 10:90].all()
    assert mask.sum() == 60 * 80


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"video_id": "Kowalska"}, "row 2: column video_id: a text of 8 characters; allowed is a video's"),
        ({"study_id": ""}, "column study_id: empty"),
        (
            {"decision": "kowalska"},
            "decision: a text of 8 characters; allowed is one of accept, reject, correct",
        ),
        ({"decision": "Accept"}, "column decision: 'Accept'; allowed is one of accept, reject, correct"),
        ({"decision": "Jan Kowalski 1953"}, "column decision: a text of 17 characters"),
        ({"width": "0"}, "column width: a text of 1 characters; allowed is pixels, 1 to 99999"),
        ({"height": "1e3"}, "column height: a text of 3 characters"),
        (
            {"width": "99999", "height": "99999"},
            "columns width and height: allowed are 67108864 pixels in all",
        ),
        ({"content": "12"}, "column content: a text of 2 characters; allowed is a SHA-256"),
        ({"decision": "accept"}, "shape and geometry: they belong to the decision correct"),
        ({"decision": "accept", "shape": "", "geometry": ""}, "column mask: empty; a video without a fitted"),
        ({"shape": "kowalska"}, "column shape: a text of 8 characters; allowed is one of polygon, sector"),
        ({"shape": ""}, "no such shape; allowed is one of polygon, sector"),
        ({"geometry": "10 10; 90 10"}, "a polygon of 2 corners; allowed are 3 to 200"),
        ({"geometry": "10 10; 90 10; 50"}, "a polygon of 2.5 corners"),
        ({"geometry": "10 10; 90 70; 90 10; 10 70"}, "sides of the polygon cross"),
        ({"geometry": "10 10; 90 10; 10 10; 10 70"}, "sides of the polygon cross"),
        ({"geometry": "10 10; 101 10; 50 70"}, "corner 2 lies outside the picture of 100 x 80 px"),
        ({"geometry": "10 10; 90 ten; 50 70"}, "holds what is no number"),
        ({"geometry": "10 10; 90 nan; 50 70"}, "not finite"),
        ({"geometry": "10 10; 90 10; 90 20; 10 20"}, "too small"),
        ({"shape": "sector", "geometry": "50 0 -40 40 5"}, "a sector of 5 numbers; it has 6"),
        ({"shape": "sector", "geometry": "50 0 40 -40 5 70"}, "the left angle must be smaller"),
        (
            {"shape": "sector", "geometry": "50 0 -40 40 70 5"},
            "the inner radius must be 0 or more, and smaller",
        ),
        ({"shape": "sector", "geometry": "5000 0 -40 40 5 70"}, "must stay within 1000 px"),
        ({"shape": "sector", "geometry": "50 200 -40 40 5 70"}, "too small"),
    ],
)
def test_bad_rows_are_refused_with_their_place(tmp_path, changes, message):
    with pytest.raises(DecisionError) as refused:
        read_decisions(write(tmp_path / "decisions.csv", changes))
    assert "decisions.csv: row 2: " in str(refused.value)
    assert message in str(refused.value)
    assert "kowalsk" not in str(refused.value).casefold()


def test_bad_files_are_refused(tmp_path):
    with pytest.raises(DecisionError, match=r"^none.csv: there is no such file"):
        read_decisions(tmp_path / "none.csv")
    with pytest.raises(DecisionError, match=r"row 3: column video_id: v_a+ stands in row 2 already"):
        read_decisions(write(tmp_path / "twice.csv", {}, {"decision": "reject", "shape": "", "geometry": ""}))
    with pytest.raises(DecisionError, match=r"the columns \['mask'\] are missing; 1 unknown columns"):
        read_decisions(write(tmp_path / "columns.csv", {}, columns=[*COLUMNS[:-1], "comment of Dr. X"]))
    rows = [{"video_id": f"x{number}"} for number in range(PROBLEMS_SHOWN + 5)]
    with pytest.raises(DecisionError, match=r"and 5 more problems"):
        read_decisions(write(tmp_path / "many.csv", *rows))


def test_an_empty_file_decides_nothing(tmp_path):
    assert read_decisions(write(tmp_path / "decisions.csv")) == {}


def test_a_drawn_sector_is_the_fan_about_its_apex():
    numbers = parse_geometry("sector", "80, 5, -30, 45, 20, 100", 160, 120)
    mask = shape_mask("sector", numbers, 160, 120)
    y, x = np.mgrid[0.5:120, 0.5:160]
    angle, radius = np.degrees(np.arctan2(x - 80, y - 5)), np.hypot(x - 80, y - 5)
    assert (mask == ((angle >= -30) & (angle <= 45) & (radius >= 20) & (radius <= 100))).all()


def test_a_concave_polygon_keeps_what_lies_inside_alone():
    numbers = parse_geometry("polygon", "0 0 60 0 60 60 30 20 0 60", 60, 60)
    mask = shape_mask("polygon", numbers, 60, 60)
    assert mask[5, 30]
    assert mask[50, 2]
    assert not mask[50, 30]  # the notch
    assert abs(mask.sum() - (60 * 60 - 0.5 * 60 * 40)) < 60


def even_odd(numbers, width, height):
    """Each pixel's centre by the number of sides to its left, one by one."""
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    mask = np.zeros((height, width), bool)
    for row, column in np.ndindex(mask.shape):
        x, y, left = column + 0.5, row + 0.5, 0
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            left += (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
        mask[row, column] = left % 2
    return mask


def star(rng, corners, width, height):
    """A polygon that does not cross itself; half of its corners are centres of pixels."""
    angles = 2 * np.pi * np.arange(corners) / corners
    radii = rng.uniform(0.4, 1.0, corners) * min(width, height) / 2
    points = np.stack((width / 2 + radii * np.cos(angles), height / 2 + radii * np.sin(angles)), -1)
    points[::2] = np.clip(np.floor(points[::2]) + 0.5, 0, (width, height))
    return points.ravel().round(2).tolist()


def test_a_polygon_is_filled_by_the_even_odd_rule():
    rng = np.random.default_rng(1)
    for corners in (3, 4, 7, 12, 30):
        numbers = star(rng, corners, 61, 47)
        assert (shape_mask("polygon", numbers, 61, 47) == even_odd(numbers, 61, 47)).all()


@pytest.mark.parametrize(
    ("geometry", "crosses"),
    [
        ("5 5 55 5 55 55 30 30 5 55", False),
        ("5 5 55 5 55 55 30 5 5 55", True),  # a corner on a side
        ("5 5 55 5 5 55 55 55", True),
        ("5 5 55 5 55 55 5 55 5 30 30 30 5 30", True),  # a corner twice
    ],
)
def test_sides_that_meet_are_found(geometry, crosses):
    if not crosses:
        parse_geometry("polygon", geometry, 60, 60)
        return
    with pytest.raises(ValueError, match="cross"):
        parse_geometry("polygon", geometry, 60, 60)


@pytest.mark.parametrize(("side", "large"), [(23, False), (24, True), (25, True)])
@pytest.mark.parametrize("corner", [0, 1, 2, 3])
def test_the_smallest_shape_is_exact(side, large, corner):
    low, high = corner, corner + side
    geometry = f"{low} {low}; {high} {low}; {high} {high}; {low} {high}"
    if large:
        parse_geometry("polygon", geometry, 100, 100)
        return
    with pytest.raises(ValueError, match="too small"):
        parse_geometry("polygon", geometry, 100, 100)


def test_a_thousand_polygons_are_read_in_seconds(tmp_path):
    rng = np.random.default_rng(2)
    rows = [
        {
            "video_id": f"v_{number:016d}".translate(str.maketrans("0189", "abcd")),
            "width": "800",
            "height": "600",
        }
        | {"geometry": " ".join(map(str, star(rng, 40, 800, 600)))}
        for number in range(1000)
    ]
    path = write(tmp_path / "decisions.csv", *rows)
    began = time.process_time()
    assert len(read_decisions(path)) == 1000
    assert time.process_time() - began < 20  # a mask of every pixel and row took 42 s


def test_the_outline_of_a_mask_gives_the_mask_back():
    mask = shape_mask("sector", (80, 5, -30, 45, 20, 100), 160, 120)
    (points,) = outline(mask)
    found = shape_mask("polygon", [value + 0.5 for point in points for value in point], 160, 120)
    assert (found ^ mask).mean() < 0.02


def test_only_the_shard_of_a_changed_decision_has_another_digest(tmp_path):
    rows = [
        {"video_id": f"v_{letter * 16}", "study_id": f"s_{letter * 16}", "decision": "reject"}
        | {"shape": "", "geometry": ""}
        for letter in "abcdefgh"
    ]
    before = by_shard(read_decisions(write(tmp_path / "a.csv", *rows)), 4)
    assert sum(map(len, before.values())) == 8
    assert len(before) > 1
    rows[3] = {"video_id": rows[3]["video_id"], "study_id": rows[3]["study_id"]}
    after = by_shard(read_decisions(write(tmp_path / "b.csv", *rows[::-1])), 4)
    changed = [shard for shard in before if decisions_digest(before[shard]) != decisions_digest(after[shard])]
    assert changed == [shard for shard in before if rows[3]["video_id"] in before[shard]]
    assert decisions_digest({}) == ""


def test_masks_of_other_sizes_have_other_digests():
    assert mask_digest(np.zeros((4, 8), bool)) != mask_digest(np.zeros((8, 4), bool))
    assert mask_digest(np.ones((4, 8), bool)) != mask_digest(np.zeros((4, 8), bool))
