"""Files that a person asked for: whole or not at all, links kept, devices written through."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from priorbench.outputs import whole_file


def written(path, data=b"new"):
    with whole_file(path) as stream:
        stream.write(data)


def test_a_file_is_there_when_all_of_it_is(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="half"), whole_file(path) as stream:
        stream.write(b"ne")
        stream.flush()
        assert path.read_bytes() == b"old"
        raise ValueError("half way")
    assert path.read_bytes() == b"old"
    written(path)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_permissions_are_kept_and_new_files_have_the_usual_ones(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    written(tmp_path / "b")
    (tmp_path / "c").write_bytes(b"")
    assert (tmp_path / "b").stat().st_mode == (tmp_path / "c").stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/real")
    (tmp_path / "dangling").symlink_to("folder/later")
    for name, target in (("link", "real"), ("dangling", "later")):
        written(tmp_path / name)
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "folder" / target).read_bytes() == b"new"


def test_a_link_in_a_circle_is_refused_and_stays(tmp_path):
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "through").symlink_to("one/file")
    for name in ("self", "one", "through", "one/file"):
        with pytest.raises(OSError, match="symbolic links"):
            written(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_symlink()) == [
        "one",
        "self",
        "through",
        "two",
    ]


def test_a_planted_link_in_the_place_of_a_draft_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "victim").write_bytes(b"mine")
    monkeypatch.setattr("secrets.token_hex", lambda count: "known")
    (tmp_path / ".priorbench-known.part").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        written(tmp_path / "a")
    assert (tmp_path / "victim").read_bytes() == b"mine"


def test_devices_and_pipes_are_written_through(tmp_path):
    before = os.lstat("/dev/null")
    written("/dev/null")
    assert os.lstat("/dev/null").st_ino == before.st_ino
    with pytest.raises(OSError, match="No space left"):
        written("/dev/full", b"x" * 10_000)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    written(pipe)
    reader.join(timeout=60)
    assert got == [b"new"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["", "none/a", "x" * 300])
def test_what_cannot_be_written_changes_nothing(tmp_path, name):
    with pytest.raises(OSError, match=r"."):
        written(tmp_path / name)
    assert not list(tmp_path.iterdir())
