"""Whether anything below a folder has changed."""

import os
import shutil

import pytest

from echoclr_core.common.folder_digest import folder_digest


@pytest.fixture
def archive(tmp_path):
    for study in ("a/one", "a/two", "b"):
        (tmp_path / "archive" / study).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "archive" / study / f"{number}.dcm").write_text("x")
    return tmp_path / "archive"


def added(archive):
    (archive / "a" / "one" / "9.dcm").write_text("x")


def removed(archive):
    (archive / "a" / "two" / "1.dcm").unlink()


def study_removed(archive):
    shutil.rmtree(archive / "a" / "two")


def renamed(archive):
    (archive / "b" / "0.dcm").rename(archive / "b" / "00.dcm")


def longer(archive):
    path = archive / "a" / "one" / "0.dcm"
    times = path.stat()
    path.write_text("xy")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def written_again(archive):
    path = archive / "a" / "one" / "0.dcm"
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("change", [added, removed, study_removed, renamed, longer, written_again])
def test_every_change_at_any_depth_is_seen(archive, change):
    before = folder_digest(archive)
    change(archive)
    assert folder_digest(archive) != before


def test_a_moved_folder_is_the_same(archive):
    before = folder_digest(archive)
    assert folder_digest(archive.rename(archive.with_name("elsewhere"))) == before


def test_loops_of_links_end(archive):
    (archive / "b" / "up").symlink_to(archive, target_is_directory=True)
    (archive / "b" / "nowhere").symlink_to(archive / "missing")
    assert folder_digest(archive) == folder_digest(archive)
