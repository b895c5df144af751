"""The commit of the code and the machine, without the name of its host."""

import subprocess

from echoclr_core.common.machine import commit, machine


def test_commit_clean_and_changed(tmp_path):
    assert commit(tmp_path) == {"commit": None, "clean": None}

    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    found = commit(tmp_path)
    assert found["clean"] is True
    assert len(found["commit"]) == 40
    (tmp_path / "file").write_text("2")
    assert commit(tmp_path)["clean"] is False
    (tmp_path / "inside").mkdir()
    assert commit(tmp_path / "inside")["commit"] is None


def test_the_machine_has_no_name_of_its_host():
    import socket

    found = machine()
    assert set(found) == {"processor", "cores", "memory", "gpu", "system"}
    assert all(socket.gethostname() not in value for value in found.values())
