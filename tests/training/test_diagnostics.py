"""A finished training is never lost to a number that is only looked at."""

import pytest

from echoclr_core.common.tables import Column, Table, TableError
from echoclr_core.training.diagnostics import attempt, checked_rows

SCHEMA = Table(
    "history",
    {
        "step": Column(kind="int", description="steps", low=1),
        "loss": Column(kind="float", description="loss", low=0),
        "alignment": Column(kind="float", description="diagnostic", nullable=True, low=0, high=4),
    },
)


@pytest.mark.parametrize("value", [-2.6e-8, 4.1, float("nan"), float("inf"), -float("inf")])
def test_a_diagnostic_out_of_range_is_missing_and_named(value):
    rows = [{"step": 1, "loss": 0.5, "alignment": 1.0}, {"step": 2, "loss": 0.4, "alignment": value}]
    table, warnings = checked_rows(SCHEMA, rows)
    assert table["alignment"].isna().tolist() == [False, True]
    assert table["loss"].tolist() == [0.5, 0.4]
    assert len(warnings) == 1
    assert "alignment of step 2 is" in warnings[0]
    assert rows[1]["alignment"] is value  # the caller's rows are left alone


def test_what_is_in_range_is_left_alone():
    table, warnings = checked_rows(SCHEMA, [{"step": 1, "loss": 0.0, "alignment": 4.0}])
    assert warnings == []
    assert table["alignment"].tolist() == [4.0]


def test_what_must_be_there_is_still_demanded():
    with pytest.raises(TableError, match="column 'loss' holds -1"):
        checked_rows(SCHEMA, [{"step": 1, "loss": -1.0, "alignment": 1.0}])


def test_work_after_the_last_step_may_fail():
    assert attempt("it", lambda: {"a": 1}) == ({"a": 1}, [])
    outcome, [warning] = attempt("the held-out accuracy", lambda: [][3])
    assert outcome == {}
    assert warning == "the held-out accuracy failed (IndexError: list index out of range)"
    with pytest.raises(KeyboardInterrupt):
        attempt("it", _interrupted)


def _interrupted():
    raise KeyboardInterrupt
