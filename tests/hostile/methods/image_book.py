"""The attacks on the clean image, and what they look for."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tricks import Book

BOOK = Book("image", "image_attacks:Attacker")
SECRET = "hunter2-is-not-a-password"


Attacker = BOOK.attacker("calibrate")


def locks(folder: Path) -> bool:
    import sqlite3

    with contextlib.suppress(OSError, sqlite3.Error):
        for path in folder.resolve().glob("*.db"):
            connection = sqlite3.connect(path, timeout=0.2)
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
            connection.close()
            return True
    return False
