"""Keys, pseudonyms, shards, and the catalogue that carries them."""

import hashlib
import hmac
import stat

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoclr_core.deidentify.identifiers.pseudonyms import (
    RESTRICTED_CATALOGUE,
    Pseudonyms,
    pseudonymise,
    shard_of,
)
from echoclr_core.deidentify.identifiers.secret_key import load_key, make_key, synthetic_key
from workflow_scripts.lib.secret_key import key_problems

KEY = hashlib.sha256(b"key").digest()


def test_a_made_key_is_private_loads_and_is_never_replaced(tmp_path):
    path = tmp_path / "secret" / "key"
    make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(load_key(path)) == 32
    assert load_key(path) == bytes.fromhex(path.read_text().strip())
    with pytest.raises(FileExistsError):
        make_key(path)


def test_the_environment_serves_where_no_file_is_named(monkeypatch):
    monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", KEY.hex() + "\n")
    assert load_key() == KEY


@pytest.mark.parametrize("text", ["", "  ", "secret words, no hex", KEY[:31].hex()])
def test_no_or_poor_keys_are_refused_without_being_shown(tmp_path, monkeypatch, text):
    monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", text)
    with pytest.raises(ValueError, match="ECHOCLR_PSEUDONYM_KEY") as caught:
        load_key()
    assert not text.strip() or text not in str(caught.value)
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="key file"):
        load_key(path)
    with pytest.raises(ValueError, match="there is no such file"):
        load_key(tmp_path / "missing")


@pytest.mark.parametrize(
    "key", [bytes(32), b"\x5a" * 32, b"correct horse battery staple etc", bytes(range(16)) * 4]
)
def test_keys_of_few_different_bytes_are_refused(monkeypatch, key):
    monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", key.hex())
    with pytest.raises(ValueError, match="too few different bytes") as caught:
        load_key()
    assert key.hex() not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        bytes(range(32)),
        bytes(range(255, 191, -1)),
        bytes(7 * i % 256 for i in range(40)),
        b"The quick brown fox jumps over the lazy dog",
        b"0x9f8e7d6c5b4a39281706f5e4d3c2b1a0ZYXWVUTS",
    ],
)
def test_a_series_or_a_text_is_no_random_key(monkeypatch, key):
    monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", key.hex())
    with pytest.raises(ValueError, match="allowed is a random key") as caught:
        load_key()
    assert key.hex() not in str(caught.value)


def test_random_keys_pass(monkeypatch):
    for number in range(2000):
        key = hashlib.sha256(b"%d" % number).digest()
        monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", key.hex())
        assert load_key() == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_file_that_others_can_open_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    make_key(path)
    path.chmod(mode)
    with pytest.raises(ValueError, match="others can read it"):
        load_key(path)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(ValueError, match="others can read it"):
        load_key(tmp_path / "link")
    path.chmod(0o400)
    assert len(load_key(tmp_path / "link")) == 32


def test_a_pseudonym_is_the_hmac_of_the_identifier():
    digest = hmac.new(KEY, b"s\x1fACC-77", hashlib.sha256).digest()
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    bits = int.from_bytes(digest[:10], "big")
    expected = "".join(letters[bits >> shift & 31] for shift in range(75, -1, -5))
    assert Pseudonyms(KEY).study(" ACC-77\t") == f"s_{expected}"


def test_kinds_and_keys_are_kept_apart_and_spellings_are_not():
    one, other = Pseudonyms(KEY), Pseudonyms(bytes(32))
    assert len({one.patient("7")[2:], one.study("7")[2:], one.video("7")[2:], other.study("7")[2:]}) == 4
    assert one.patient("Zo\u0308e") == one.patient("Z\u00f6e ")
    assert one.patient("0042") != one.patient("42")
    with pytest.raises(ValueError, match="empty identifier"):
        one.patient("  ")
    with pytest.raises(ValueError, match="32 or more"):
        Pseudonyms(b"short")


@given(st.text(min_size=1, max_size=20), st.integers(1, 500))
def test_shards_are_stable_and_in_range(study, shards):
    assert 0 <= shard_of(study, shards) < shards
    assert shard_of(study, shards) == shard_of(study, shards)
    assert shard_of(study, 1) == 0


def test_shards_are_about_even():
    counts = np.bincount([shard_of(f"s_{number}", 16) for number in range(8000)], minlength=16)
    assert counts.min() > 400
    assert counts.max() < 600
    with pytest.raises(ValueError, match="1 or more"):
        shard_of("s_1", 0)


def _catalogue(rows):
    columns = ["path", "outcome", "study_key", "patient_key", "study_date", "sop_uid"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(bytes=10, mtime_ns=1)


def test_every_row_gets_its_pseudonyms_year_and_shard():
    names = Pseudonyms(KEY)
    found = pseudonymise(
        _catalogue(
            [
                ("b/2.dcm", "ok", "A1", "P1", "20190312", "1.2.1"),
                ("b/1.dcm", "ok", "A1", "P1", None, "1.2.2"),
                ("notes.txt", "not_dicom", None, None, None, None),
                ("c.dcm", "no_study_key", " ", "P2", "00000000", "1.2.3"),
            ]
        ),
        names,
        8,
    )
    assert list(found["path"]) == ["b/1.dcm", "b/2.dcm", "c.dcm", "notes.txt"]
    assert list(found["video_id"][:3]) == [names.video(uid) for uid in ("1.2.2", "1.2.1", "1.2.3")]
    assert list(found["study_id"].fillna("-")) == [names.study("A1")] * 2 + ["-", "-"]
    assert list(found["patient_id"].fillna("-")) == [names.patient("P1")] * 2 + [names.patient("P2"), "-"]
    assert list(found["study_year"].fillna(0)) == [0, 2019, 0, 0]
    assert found["shard"][0] == found["shard"][1] == shard_of(names.study("A1"), 8)
    RESTRICTED_CATALOGUE.check(found)


def test_a_uid_met_twice_is_a_duplicate_at_the_later_path():
    rows = [
        ("a.dcm", "corrupt", "A", "P", None, "1.9"),
        ("b.dcm", "ok", "A", "P", None, "1.9"),
        ("c.dcm", "ok", "A", "P", None, "1.9"),
        ("d.dcm", "ok", "A", "P", None, None),
        ("e.dcm", "ok", "A", "P", None, None),
    ]
    found = pseudonymise(_catalogue(rows), Pseudonyms(KEY), 2)
    assert list(found["outcome"]) == ["corrupt", "ok", "duplicate", "ok", "ok"]
    assert found["video_id"][1] == Pseudonyms(KEY).video("1.9")
    assert found["video_id"].is_unique


def test_one_uid_for_different_studies_or_contents_is_no_duplicate():
    rows = [
        ("a.dcm", "ok", "A", "P", None, "1.9"),
        ("b.dcm", "ok", "A", "P", None, "1.9"),
        ("c.dcm", "ok", "A", "P", None, "1.9 "),
        ("d.dcm", "ok", "B", "Q", None, "1.9"),
    ]
    catalogue = _catalogue(rows).assign(content=["x", "y", "x", "x"])
    found = pseudonymise(catalogue, Pseudonyms(KEY), 2)
    assert list(found["outcome"]) == ["ok", "ok", "duplicate", "ok"]
    assert found["video_id"][0] == Pseudonyms(KEY).video("1.9")
    assert found["video_id"].is_unique


def test_paths_count_by_every_byte():
    paths = ["a", "a ", "Zo\u0308e", "Z\u00f6e", "path\x1fa"]
    rows = [(path, "ok", "A", "P", None, None) for path in paths]
    found = pseudonymise(_catalogue(rows), Pseudonyms(KEY), 2)
    assert list(found["outcome"]) == ["ok"] * 5
    assert found["video_id"].is_unique
    assert Pseudonyms(KEY).path("1.2.3") != Pseudonyms(KEY).video("1.2.3")


def test_a_pseudonym_that_is_taken_is_a_row(monkeypatch):
    monkeypatch.setattr("echoclr_core.deidentify.identifiers.pseudonyms.LETTERS", 1)
    rows = [(f"{number:02d}", "ok", "A", "P", None, f"1.{number}") for number in range(40)]
    found = pseudonymise(_catalogue(rows), Pseudonyms(KEY), 2)
    counts = found["outcome"].value_counts()
    assert counts["ok"] + counts["pseudonym_collision"] == 40
    assert counts["ok"] <= 32
    assert found["video_id"].is_unique
    assert found.loc[found["outcome"] == "ok", "video_id"].str.fullmatch("v_[a-z2-7]").all()


def test_a_patient_is_known_by_number_and_issuer():
    rows = [
        ("a", "ok", "A", "7", "20190312", "1.1"),
        ("b", "ok", "B", "7", "20190312", "1.2"),
        ("c", "ok", "B", "7 ", "20190312", "1.3"),
        ("d", "ok", "C", "8", "20190312", "1.4"),
        ("e", "ok", "D", "8", "20190312", "1.5"),
        ("f", "ok", "E", "7", "20190312", "1.6"),
        ("g", "ok", "F", "9", "20190312", "1.7"),
        ("h", "ok", "F", None, "20190312", "1.8"),
    ]
    catalogue = _catalogue(rows).assign(patient_issuer=["S1", "S2", "S2", "S1", " ", None, None, "S1"])
    names = Pseudonyms(KEY)
    found = pseudonymise(catalogue, names, 2).set_index("path")
    persons = [*("7^^^S1", "7^^^S2", "7^^^S2"), *("8^^^S1", "8^^^S1"), "7", "9"]
    assert found["patient_id"].tolist()[:7] == [names.patient(person) for person in persons]
    assert pd.isna(found["patient_id"]["h"])
    alone = found["unissued_patient_id"]
    assert alone.tolist()[:5] == [names.patient(number) for number in "77788"]
    assert alone[5:].isna().all()


def test_an_empty_catalogue_stays_one():
    assert len(pseudonymise(_catalogue([]), Pseudonyms(KEY), 3)) == 0


def test_the_key_of_a_synthetic_cohort_is_for_it_alone(tmp_path):
    path = tmp_path / "key"
    path.write_text(synthetic_key(2024) + "\n")
    path.chmod(0o600)
    config = {"input": {"pseudonym_key_file": str(path)}}
    assert key_problems(config, synthetic=True) == []
    (problem,) = key_problems(config, synthetic=False)
    assert "the key of a synthetic cohort" in problem
    assert synthetic_key(2024) not in problem
    path.write_text(KEY.hex())
    assert key_problems(config, synthetic=False) == []


def test_the_key_of_a_synthetic_cohort_must_be_there_for_new_patients(tmp_path, monkeypatch):
    monkeypatch.delenv("ECHOCLR_PSEUDONYM_KEY", raising=False)
    config = {"input": {"pseudonym_key_file": str(tmp_path / "key")}}
    assert key_problems(config, synthetic=True) == []  # its generator writes it
    (problem,) = key_problems(config, synthetic=True, needed=True)
    assert "there is no" in problem
