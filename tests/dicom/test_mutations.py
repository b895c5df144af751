"""Whatever is done to a file, it ends in an outcome: no other exception, no crash, in bounded time."""

import pytest

from benchmarks.evidence.mutations import exercise
from echoclr_core.dicom.outcomes import OUTCOMES


@pytest.mark.parametrize("part", range(4))
def test_every_mutated_file_has_an_outcome(part):
    found = [exercise(number) for number in range(part * 100, part * 100 + 100)]
    outcomes = {outcome for one in found for outcome in one["outcomes"]}
    assert {"ok", "corrupt", "truncated"} <= outcomes <= set(OUTCOMES)
    assert max(one["seconds"] for one in found) < 20
