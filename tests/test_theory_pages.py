"""The examples of the pages on theory, run as they stand, print what the pages say."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs" / "theory"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md")))
def test_the_examples_of_a_page(page: str) -> None:
    text = (PAGES / page).read_text("utf-8").replace("```", "")
    parsed = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    assert parsed.examples or page == "index.md"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(parsed, out=said.append)
    assert not said, "".join(said)


def test_every_page_is_on_the_list() -> None:
    listed = set(re.findall(r"\]\((\S+\.md)\)", (PAGES / "index.md").read_text("utf-8")))
    assert {path.name for path in PAGES.glob("*.md")} - {"index.md"} <= listed
