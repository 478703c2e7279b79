"""YAML is read by the rules of YAML 1.2's core schema, and every entry knows its line."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from priorbench.suite.yaml_text import YamlError, read_value, read_yaml, write_value, write_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3000", 3000),
        ("-7", -7),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("1e-3", 1e-3),
        ("1E6", 1e6),
        (".5", 0.5),
        ("-2.", -2.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("15/255", "15/255"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("3:30", "3:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        (".", "."),
        ("~/pictures", "~/pictures"),
        ("a #1: *x & @y", "a #1: *x & @y"),
        ("it's", "it's"),
        ("C:\\new", "C:\\new"),
        ("'3'", "3"),
        ('"a,\\tb"', "a,\tb"),
        ("[32, 1e2, no, 'x,y', [a]]", [32, 100.0, "no", "x,y", ["a"]]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_a_value_has_the_type_that_yaml_1_2_gives_it(text: str, value: Any) -> None:
    read = read_value(text)
    assert read == value
    assert type(read) is type(value)


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(read_value(".nan"))


@pytest.mark.parametrize("text", ["[1, 2", "'a", '"a" b', "[1] 2", "[!!set {a}]", '"\x00"', "9" * 5000])
def test_a_value_that_is_not_closed_or_not_plain_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        read_value(text)


@given(VALUES)
def test_a_value_written_in_one_line_is_read_back(value: Any) -> None:
    assert read_value(write_value(value)) == value


@given(st.dictionaries(TEXT.filter(lambda key: key != "<<"), VALUES, max_size=4))
def test_a_document_is_read_back_by_us_and_text_stays_text_for_readers_of_yaml_1_1(
    data: dict[str, Any],
) -> None:
    text = write_yaml(data)
    assert read_yaml(text).data == data
    assert yaml.safe_load(text) == data


def test_every_key_and_list_entry_knows_its_line() -> None:
    marked = read_yaml("# comment\na:\n  - x\n  - y:\n      z: 1\n\nb: {c: [1,\n  2]}\n")
    assert marked.lines == {
        (): 2,
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 4,
        ("a", 1, "y"): 4,
        ("a", 1, "y", "z"): 5,
        ("b",): 7,
        ("b", "c"): 7,
        ("b", "c", 0): 7,
        ("b", "c", 1): 8,
    }


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a: 1\nb: 2\na: 3\n", [(3, "the key 'a' is given twice (first in line 1)")]),
        ("a:\n  b: 1\n  'b': 1\n", [(3, "the key 'b' is given twice (first in line 2)")]),
        ("a: 1\n1: 2\ntrue: 3\n? [x]\n: 4\n", [
            (2, "a key must be text, not '1'"),
            (3, "a key must be text, not 'true'"),
            (4, "a key must be text, not a list or mapping"),
        ]),
        ("a: 1\nb: !!python/name:os x\n", [(2, "the tag !!python/name:os is not allowed here")]),
        ("a: !mine 3\nb: !!int x\n", [(1, "the tag !mine is not allowed here"), (2, "'x' is not a number")]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", [(3, "merge keys (<<) are not supported: write the entries out")]),
    ],
)  # fmt: skip
def test_what_is_yaml_but_not_accepted_is_a_problem_with_its_line(text: str, problems: list[Any]) -> None:
    assert list(read_yaml(text).problems) == problems


def test_anchors_and_aliases_are_the_same_as_writing_the_value_twice() -> None:
    assert read_yaml("a: &x [1, 2]\nb: *x\n").data == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi")),
        f"a: {'[' * 25}{']' * 25}\n",
    ],
)  # fmt: skip
def test_an_alias_bomb_ends_as_one_problem(text: str) -> None:
    [(_, message)] = read_yaml(text).problems
    assert "too large or nested too deeply" in message


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a:\n\t- b\n", 2, r"cannot start any token \(indent with spaces, not with tabs\)"),
        ("a: [1, 2\nb: 3\n", 2, r"expected ',' or '\]'"),
        ("a: b\n c: d\n", 2, "mapping values are not allowed here"),
        ("a: 1\n--- \nb: 2\n", 2, "expected a single document"),
        ("a: 1\nb: *nope\n", 2, "undefined alias 'nope'"),
        ("a: 1\nb: \x07\n", 2, "special characters are not allowed"),
        ("[" * 5000, 1, "nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_an_error_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(YamlError, match=message) as caught:
        read_yaml(text)
    assert caught.value.line == line
