"""Finished files of a shard: kept under the key of what made them, delivered whole or not at all."""

import errno
import os

import pytest

from echoclr_core.common.shard_cache import IncompleteShardError, ShardCache


@pytest.fixture
def cache(tmp_path):
    return ShardCache(tmp_path / "work")


def put(cache, name, content=b"avi", key="key"):
    cache.path(f"{name}.avi").write_bytes(content)
    cache.put(name, key, {"outcome": "ok"}, [f"{name}.avi"])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_row_is_given_back_under_its_key_alone_and_with_its_files(cache, tmp_path):
    put(cache, "v_1")
    cache.put("v_2", "key", {"outcome": "no_sector"})
    assert cache.get("v_1", "key") == {"outcome": "ok"}
    assert cache.get("v_1", "other key") is None
    assert cache.get("v_2", "key") == {"outcome": "no_sector"}
    assert cache.get("v_3", "key") is None
    (tmp_path / "work" / "files" / "v_1.avi").unlink()
    assert cache.get("v_1", "key") is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"key": "key"}', b'{"key": "key", "row": 3}', b"\xff"]
)
def test_a_row_of_another_form_is_as_good_as_none(cache, tmp_path, content):
    (tmp_path / "work" / "rows" / "v_1.json").write_bytes(content)
    assert cache.get("v_1", "key") is None


def test_a_row_without_its_file_is_refused(cache):
    with pytest.raises(FileNotFoundError):
        cache.put("v_1", "key", {"outcome": "ok"}, ["v_1.avi"])
    assert cache.get("v_1", "key") is None


@pytest.mark.parametrize("linked", [True, False])
def test_delivery_replaces_the_folder_and_leaves_the_cache(cache, tmp_path, monkeypatch, linked):
    if not linked:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EXDEV, "other disk")))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.avi").write_bytes(b"old")
    for name in ("v_1", "v_2"):
        put(cache, name, name.encode())
    cache.publish(tmp_path / "out", ["v_1"])
    assert names(tmp_path) == ["out", "work"]
    (tmp_path / "out" / "v_1.avi").unlink()  # as Snakemake removes the outputs of a job that fails after this
    cache.publish(tmp_path / "out", ["v_1"])
    cache.remove()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["v_1.avi"]
    assert (tmp_path / "out" / "v_1.avi").read_bytes() == b"v_1"


@pytest.mark.parametrize("damage", ["removed", "changed", "no row"])
def test_nothing_is_delivered_unless_every_file_is_there_and_whole(cache, tmp_path, damage):
    for name in ("v_1", "v_2"):
        put(cache, name)
    (tmp_path / "out").mkdir()
    if damage == "removed":
        (tmp_path / "work" / "files" / "v_2.avi").unlink()
    elif damage == "changed":
        (tmp_path / "work" / "files" / "v_2.avi").write_bytes(b"AVI")
    else:
        (tmp_path / "work" / "rows" / "v_2.json").unlink()
    with pytest.raises(IncompleteShardError, match=r"1 of 2 videos.*v_2"):
        cache.publish(tmp_path / "out", ["v_1", "v_2"])
    assert names(tmp_path) == ["out", "work"]
    assert names(tmp_path / "out") == []
    assert cache.get("v_1", "key") is not None
    assert cache.get("v_2", "key") is None  # made anew by the next attempt


def test_what_another_attempt_left_half_done_is_removed_and_never_taken(cache, tmp_path):
    cache.path("v_1.avi").write_bytes(b"half")
    following = ShardCache(tmp_path / "work")
    assert following.get("v_1", "key") is None
    assert not cache.path("v_1.avi").exists()
    with pytest.raises(FileNotFoundError):  # an orphan of the first attempt goes on writing: into nothing
        cache.path("v_1.avi").write_bytes(b"late")
