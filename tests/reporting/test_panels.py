"""Panels and pages of figures follow from the list of tasks."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from echoclr_core.reporting.pages import TASKS_A_PAGE, page_count, page_of, page_suffix
from echoclr_core.reporting.panels import COHORTS, panel_axes, panel_lines, panels_of

FIVE = {name: name.upper() for name in "abcde"}


def rows_of(*places):
    return pd.DataFrame(list(places), columns=["task", "cohort"])


def test_two_panels_a_task_in_order():
    rows = rows_of(("c", "external"), ("a", "external"), ("a", "internal"), ("zz", "internal"))
    assert panels_of(FIVE, rows) == [
        ("a", "internal"),
        ("a", "external"),
        ("c", "internal"),
        ("c", "external"),
    ]


def test_a_test_set_that_no_task_has_gets_no_panel():
    assert panels_of(FIVE, rows_of(("a", "internal"), ("c", "internal"))) == [
        ("a", "internal"),
        ("c", "internal"),
    ]


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (4, (2, 2))])
def test_as_many_axes_as_panels(count, shape):
    figure = Figure()
    axes = panel_axes(figure, range(count))
    assert len(axes) == len(figure.axes) == count
    assert axes[0].get_gridspec().get_geometry() == shape
    assert panel_lines(range(count)) == shape[0]


def test_pages_of_four_panels():
    assert TASKS_A_PAGE * len(COHORTS) == 4
    assert [page_count(n) for n in (0, 1, 2, 3, 5, 12)] == [1, 1, 1, 2, 3, 6]
    assert page_of(FIVE, 1) == {"a": "A", "b": "B"}
    assert page_of(FIVE, 3) == {"e": "E"}
    assert [page_suffix(n) for n in (1, 2)] == ["", "_page2"]
