"""Files that commands write: whole or not at all, and nothing else takes the place of what is no file."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from priorbench.cli.common.files import write
from priorbench.errors import PriorbenchError
from priorbench.store.database import Store


def test_a_pipe_gets_the_text_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()), daemon=True)
    reader.start()
    write("board", pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    reader.join(timeout=60)
    assert found == ["board"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write("board", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "board"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PriorbenchError, match="Is a directory"):
        write("board", tmp_path)
    with pytest.raises(PriorbenchError, match="No such file"):
        write("board", tmp_path / "none" / "board.csv")


def test_a_store_is_not_overwritten(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/priorbench.db").close()
    before = (tmp_path / "priorbench.db").read_bytes()
    with pytest.raises(PriorbenchError, match="is a store: name another file"):
        write("board", tmp_path / "priorbench.db")
    assert (tmp_path / "priorbench.db").read_bytes() == before
