"""Checkpoints: whole or not there, of this run or not used."""

import logging
import resource
import subprocess
import sys

import pytest
import torch

from echoclr_core.common.files import atomic_path
from echoclr_core.common.folder_lock import FolderHeldError
from echoclr_core.training import checkpoints as checkpoints_module
from echoclr_core.training.checkpoints import Checkpoints

STATE = {"weights": torch.arange(6.0), "step": 3, "rows": [{"loss": 0.5, "order": None}], "done": False}


def test_round_trip(tmp_path):
    Checkpoints(tmp_path, "a" * 64).save(3, STATE)
    step, state = Checkpoints(tmp_path, "a" * 64).load()
    assert step == 3
    assert torch.equal(state.pop("weights"), STATE["weights"])
    assert state == {name: value for name, value in STATE.items() if name != "weights"}


def test_a_folder_that_another_job_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints_module, "GRACE_SECONDS", 0.3)
    code = (
        "import sys, time; from echoclr_core.training.checkpoints import Checkpoints\n"
        "with Checkpoints(sys.argv[1], 'b' * 64).held():\n    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(FolderHeldError, match=f"pid {other.pid}"),
            Checkpoints(tmp_path / "a", "a" * 64).held(),
        ):
            pass
    finally:
        other.kill()
        other.wait()
    with Checkpoints(tmp_path / "a", "a" * 64).held():
        pass


def test_nothing_to_load(tmp_path):
    assert Checkpoints(tmp_path / "new", "a" * 64).load() is None


def test_keeps_the_newest_and_the_one_before(tmp_path):
    checkpoints = Checkpoints(tmp_path, "a" * 64)
    for step in (5, 10, 100, 1000):
        checkpoints.save(step, STATE)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{'a' * 16}-{step:09d}.pt" for step in (100, 1000)
    ]
    assert checkpoints.load()[0] == 1000
    checkpoints.clear()
    assert checkpoints.load() is None


def test_a_piece_left_by_a_killed_job_is_removed_at_the_next_save(tmp_path):
    checkpoints = Checkpoints(tmp_path, "a" * 64)
    pieces = []
    for fingerprint in ("a" * 64, "b" * 64):
        with atomic_path(tmp_path / f"{fingerprint[:16]}-7.pt") as temporary:
            temporary.touch()
        temporary.write_bytes(b"half")
        pieces.append(temporary)
    checkpoints.save(7, STATE)
    assert [piece.exists() for piece in pieces] == [False, True]  # another job may be writing the other


def test_another_fingerprint_is_told_and_never_used_nor_removed(tmp_path, caplog):
    Checkpoints(tmp_path, "a" * 64).save(900, STATE)
    other = Checkpoints(tmp_path, "b" * 64)
    with caplog.at_level(logging.WARNING):
        assert other.load() is None
    assert "other settings or data" in caplog.text
    for step in (1, 2, 3):
        other.save(step, STATE)
    assert other.load()[0] == 3
    assert Checkpoints(tmp_path, "a" * 64).load()[0] == 900


def test_a_renamed_checkpoint_of_another_run_is_not_used(tmp_path, caplog):
    written = Checkpoints(tmp_path, "a" * 64).save(3, STATE)
    written.rename(tmp_path / f"{'b' * 16}-000000003.pt")
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path, "b" * 64).load() is None
    assert "other settings or data" in caplog.text


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_an_unreadable_newest_falls_back_with_a_message(tmp_path, caplog, damage):
    checkpoints = Checkpoints(tmp_path, "a" * 64)
    checkpoints.save(1, STATE)
    newest = checkpoints.save(2, STATE)
    newest.write_bytes(newest.read_bytes()[:-200] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        assert checkpoints.load()[0] == 1
    assert "000000002.pt cannot be read" in caplog.text


def test_a_full_disk_is_an_error_that_keeps_the_last_good_one(tmp_path):
    checkpoints = Checkpoints(tmp_path, "a" * 64)
    checkpoints.save(1, STATE)
    large = {"weights": torch.zeros(100_000)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"checkpoint of step 2 was not written .*last good one is kept"):
            checkpoints.save(2, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert checkpoints.load()[0] == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_when_none_can_be_read_it_is_an_error_and_they_stay(tmp_path):
    """Starting over would lose the work without a word."""
    checkpoints = Checkpoints(tmp_path, "a" * 64)
    for step in (1, 2):
        checkpoints.save(step, STATE).write_bytes(b"rubbish")
    with pytest.raises(
        OSError, match=r"no checkpoint of this run .* can be read .*remove them to start over"
    ):
        checkpoints.load()
    assert len(list(tmp_path.iterdir())) == 2
