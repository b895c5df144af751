"""Panels and pages of figures follow from the list of tasks."""

from echoclr_core.reporting.pages import TASKS_A_PAGE, page_count, page_of, page_suffix
from echoclr_core.reporting.panels import COHORTS, panels_of

FIVE = {name: name.upper() for name in "abcde"}


def test_two_panels_a_task_in_order():
    assert panels_of(FIVE, ["c", "a"]) == [
        ("a", "internal"),
        ("a", "external"),
        ("c", "internal"),
        ("c", "external"),
    ]


def test_pages_of_four_panels():
    assert TASKS_A_PAGE * len(COHORTS) == 4
    assert [page_count(n) for n in (0, 1, 2, 3, 5, 12)] == [1, 1, 1, 2, 3, 6]
    assert page_of(FIVE, 1) == {"a": "A", "b": "B"}
    assert page_of(FIVE, 3) == {"e": "E"}
    assert [page_suffix(n) for n in (1, 2)] == ["", "_page2"]
