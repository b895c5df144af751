"""Labels of another archive are recognised from the catalogue alone, and the reason is named."""

import pandas as pd
import pytest

from echoclr_core.cohort.key_match import UnmatchedLabelsError, match_keys, require_match


def catalogue(keys, **columns):
    return pd.DataFrame({"study_key": keys, **columns})


def test_common_keys_are_counted_and_nothing_is_raised():
    match = match_keys([" 001", "002", None, "x"], catalogue(["001", "001", None, "3"]))
    assert (match.n_labels, match.n_archive, match.n_common) == (3, 2, 1)
    require_match(match)


@pytest.mark.parametrize(
    ("labels", "archive", "reason"),
    [
        (["12", "13"], {"study_key": ["0012", "0013"]}, "leading zeros"),
        (["1.2.3"], {"study_key": ["A1"], "study_uid": ["1.2.3"]}, "input.study_key: StudyInstanceUID"),
        (["p77"], {"study_key": ["A1"], "patient_key": ["p77"]}, "those of PatientID"),
        (["a1"], {"study_key": ["A1"]}, "capital and small letters"),
        (["E1234"], {"study_key": ["20-77"]}, "look like 'A9999', those of the archive like '99-99'"),
    ],
)
def test_the_reason_names_the_cure_and_no_key(labels, archive, reason):
    match = match_keys(labels, pd.DataFrame(archive))
    with pytest.raises(UnmatchedLabelsError, match="none of the") as caught:
        require_match(match)
    assert reason in str(caught.value)
    assert caught.value.holds_no_identifier
    assert not any(repr(key) in str(caught.value) for key in [*labels, *archive["study_key"]])


def test_an_empty_side_is_no_mismatch():
    require_match(match_keys([], catalogue(["1"])))
    require_match(match_keys(["1"], catalogue([None])))
