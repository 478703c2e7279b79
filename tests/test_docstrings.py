"""Docstrings are in numpydoc: ``name : type``, and the description indented below."""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOTS = ("harness", "plugins", "datasets", "tests", "examples")
#: has a docstring in another form on purpose: what is read of it is what is tested there
EXCEPT = REPOSITORY / "tests" / "harness" / "parameters" / "test_values.py"

NAMED = ("Parameters", "Other Parameters", "Attributes")
SECTIONS = (*NAMED, "Returns", "Yields", "Raises")
LOWER_CASE = {name for name in vars(builtins) if name.islower()} | {
    "array_like", "callable", "iterable", "mapping", "ndarray", "scalar", "sequence",
    "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
}  # fmt: skip
NAMES = re.compile(r"\*{0,2}\w+(?:, \*{0,2}\w+)*")
BRACKETS = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\([^()]*\)")


def is_type(text: str) -> bool:
    """Tell ``str or None, optional`` from a description."""
    text = re.sub(r", (optional|default .+)\Z", "", text)
    while text != (shorter := BRACKETS.sub("", text)):
        text = shorter
    words = re.split(r" or | of | to |, ", text)
    return all(
        word in LOWER_CASE or re.fullmatch(r"(?:\w+\.)*[A-Z]\w*|np\.\w+|torch\.\w+|", word) for word in words
    )


def sections(docstring: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the lines of each section."""
    lines = docstring.splitlines()
    starts = [number for number, line in enumerate(lines) if number and re.fullmatch(r"-{3,}", line)]
    for start, end in itertools.pairwise([*starts, len(lines) + 1]):
        yield lines[start - 1], lines[start + 1 : end - 1]


def complaints(docstring: str) -> Iterator[str]:
    """Yield each entry that is not a name and a type, or has no description indented below."""
    for title, lines in sections(docstring):
        if title not in SECTIONS:
            continue
        for line, below in itertools.pairwise([*lines, ""]):
            if not line or line[0].isspace():
                continue
            names, _, kind = line.rpartition(" : ")
            typed = is_type(kind) and bool(NAMES.fullmatch(names) if title in NAMED or names else True)
            if not typed or not below[:1].isspace():
                yield f"{title}: {line}"


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every docstring of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def find(paths: list[Path]) -> list[str]:
    """Return every entry to be mended, with its place."""
    return [
        f"{path}:{line}: {complaint}"
        for path in paths
        if path != EXCEPT
        for line, text in docstrings(path)
        for complaint in complaints(text)
    ]


@pytest.mark.parametrize("root", ROOTS)
def test_docstrings_are_in_numpydoc(root: str) -> None:
    found = find(sorted((REPOSITORY / root).rglob("*.py")))
    assert not found, "\n".join(["write 'name : type', and the description indented below:", *found])


def test_what_is_no_numpydoc_is_found() -> None:
    text = inspect.cleandoc(
        """Do something.

        Parameters
        ----------
        good, better : {'a', 'b'} or list of str or None, default 'a'
            What they are.
        size : side of the square, in pixels.
        rate : learning rate, e.g. 0.01,
            divided by ten at the end.
        bare : int

        Returns
        -------
        float or None
            A number.

        Raises
        ------
        ValueError : where nothing is given.
        TypeError
            Where something is.
        """
    )
    assert list(complaints(text)) == [
        "Parameters: size : side of the square, in pixels.",
        "Parameters: rate : learning rate, e.g. 0.01,",
        "Parameters: bare : int",
        "Raises: ValueError : where nothing is given.",
    ]
