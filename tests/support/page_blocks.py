"""The blocks of code in README and in the documentation, and what becomes of each in a test."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: pages whose blocks are typed, word by word, by other tests
ELSEWHERE = {"docs/tutorial.md", "docs/how-to/comparison.md", "docs/how-to/reading-a-board.md"}
#: what begins a command in a block without a language
_COMMAND = re.compile(
    r"(?:\$ )?(?:priorbench|make|pip|python3?|pytest|git|dask|bash|source|export|cd|head|twine|apt|for)\b"
)
_BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>[^\n]*?) -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^ *```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of code of a page, and why it is not run, if it is not."""

    page: str
    line: int
    language: str
    text: str
    reason: str | None

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, from its first line."""
        found = re.match(r"# ([\w-]+\.(?:py|yaml|toml))\b", self.text)
        return found[1] if found else None

    @property
    def kind(self) -> str:
        """``commands``, ``file``, ``program``, ``doctest``, ``fragment`` or ``shown`` (output, a diagram)."""
        if self.language in {"", "bash", "console"}:
            return "commands" if _COMMAND.match(self.text) else "shown"
        if self.file:
            return "file"
        if self.language == "python":
            return "doctest" if self.text.startswith(">>>") else "program"
        return "fragment" if self.language in {"yaml", "toml"} else "shown"


def blocks(page: Path) -> Iterator[Block]:
    """Give the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        indent = found["indent"]
        lines = [line.removeprefix(indent) for line in found["text"].splitlines(keepends=True)]
        yield Block(
            page=page.relative_to(ROOT).as_posix(),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"].strip(),
            text="".join(lines),
            reason=found["reason"],
        )


def pages() -> list[Path]:
    """Give README and all pages of the documentation that people wrote."""
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def calls(block: Block) -> Iterator[list[str]]:
    """Give the arguments of each call of ``priorbench`` in a block of commands."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=";&|<>")
        words.whitespace_split = True
        command: list[str] = []
        for word in (*words, ";"):
            if word[0] not in ";&|<>":
                command.append(word)
                continue
            while command and "=" in command[0]:  # variables before the command
                command.pop(0)
            if command and command[0].rpartition("/")[2] == "priorbench":
                yield command[1:]
            # what follows < or > is a file's name
            command = ["="] if word[0] in "<>" else []
