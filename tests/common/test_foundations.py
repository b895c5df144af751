"""Atomic files, digests, derived randomness."""

import os
import subprocess
import sys

import numpy as np
import pytest

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.files import atomic_path, copy_file, write_json
from echoclr_core.common.randomness import derive_seed, generator


def test_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as path:
        path.write_text(f"half{1 / 0}")
    assert target.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_written_file_replaces_the_old_one_and_keeps_its_suffix(tmp_path):
    target = tmp_path / "new folder" / "a.npz"
    with atomic_path(target) as path:
        assert path.suffix == ".npz"
        path.write_text("new")
    assert target.read_text() == "new"


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_digest_follows_content():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest([1, 2]) != digest([2, 1])
    assert digest(1) != digest("1")
    with pytest.raises(TypeError):
        digest({1, 2})


def test_file_digest_is_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_seeds_differ_by_purpose_and_type():
    seeds = {derive_seed(0, *keys) for keys in [("a",), ("b",), ("a", 1), ("a", "1"), ("a1",), ()]}
    assert len(seeds) == 6
    assert derive_seed(1, "a") != derive_seed(0, "a")


def test_seeds_are_the_same_in_every_process():
    code = "from echoclr_core.common.randomness import derive_seed; print(derive_seed(3, 'x', 7))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == derive_seed(3, "x", 7)


def test_generators_repeat():
    first, second = generator(1, "x").random(4), generator(1, "x").random(4)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, generator(1, "y").random(4))


def test_copied_files_are_whole_and_leave_their_source_alone(tmp_path):
    source = tmp_path / "a.bin"
    source.write_bytes(b"weights")
    os.utime(source, (1, 1))
    for _ in range(2):  # the second replaces what is there
        copy_file(source, tmp_path / "new" / "b.bin")
    assert (tmp_path / "new" / "b.bin").read_bytes() == b"weights"
    assert (tmp_path / "new" / "b.bin").stat().st_mtime > source.stat().st_mtime == 1
    with pytest.raises(FileNotFoundError):
        copy_file(tmp_path / "none", tmp_path / "c.bin")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["b.bin"]
