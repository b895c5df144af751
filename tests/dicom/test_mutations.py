"""Whatever is done to a file, it ends in an outcome: no other exception, no crash, in bounded time."""

import pytest

from benchmarks.evidence.mutations import exercise
from echoclr_core.dicom.outcomes import OUTCOMES


@pytest.mark.parametrize(
    "numbers",
    [range(60), *(pytest.param(range(n, n + 100), marks=pytest.mark.slow) for n in range(0, 400, 100))],
    ids=lambda numbers: f"{numbers.start}-{numbers.stop - 1}",
)
def test_every_mutated_file_has_an_outcome(numbers):
    found = [exercise(number) for number in numbers]
    outcomes = {outcome for one in found for outcome in one["outcomes"]}
    assert {"ok", "corrupt", "truncated"} <= outcomes <= set(OUTCOMES)
    assert max(one["seconds"] for one in found) < 20
