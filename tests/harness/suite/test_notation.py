"""A name, or a name with its parameters: the same thing in YAML and on the command line."""

# ruff: noqa: E501  (messages are compared whole)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.contract.specs import DenoiserSpec, ImageSetSpec
from priorbench.suite.notation import (
    ChoiceError,
    RawChoice,
    expand,
    format_choice,
    label_fault,
    label_of,
    parse_entry,
    parse_setting,
    parse_text,
)
from priorbench.suite.yaml_text import read_yaml

NAMES = st.from_regex(r"[a-z0-9]+([-.][a-z0-9]+)*", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True).filter(
    lambda key: key not in ("label", "grid")
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
#: others are refused when a choice is read
LABELS = st.none() | TEXT.filter(lambda text: not label_fault(text))
CHOICES = st.builds(
    RawChoice,
    name=NAMES,
    label=LABELS,
    parameters=st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
)


def choice(name: str, label: str | None = None, **parameters: Any) -> RawChoice:
    return RawChoice(name=name, label=label, parameters=parameters)


def entry(text: str) -> RawChoice:
    return parse_entry(read_yaml(text).data)


@given(CHOICES)
def test_the_command_line_gives_back_what_was_written_for_it(raw: RawChoice) -> None:
    read = parse_text(format_choice(raw))
    assert read == raw
    assert [type(value) for value in read.parameters.values()] == [
        type(value) for value in raw.parameters.values()
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bm3d", choice("bm3d")),
        (" bm3d ", choice("bm3d")),
        ("deep-decoder:channels=128", choice("deep-decoder", channels=128)),
        ("deep-decoder:channels=128,label=dd", choice("deep-decoder", "dd", channels=128)),
        ("gaussian:sigma=15/255,clip=true", choice("gaussian", sigma="15/255", clip=True)),
        ("folder:path=pic,crop=256", choice("folder", path="pic", crop=256)),
        ("folder:path=C:\\pic,crop=null", choice("folder", path="C:\\pic", crop=None)),
        ("folder:path=a=b #1", choice("folder", path="a=b #1")),
        ("folder:path=img[1],limit=4", choice("folder", path="img[1]", limit=4)),
        ('folder:path="a,b", limit = 4', choice("folder", path="a,b", limit=4)),
        ("folder:path='it''s, [x',limit=4", choice("folder", path="it's, [x", limit=4)),
        ("net:sizes=[1, 2,3],names=['a,b', c]", choice("net", sizes=[1, 2, 3], names=["a,b", "c"])),
        ("net:rate=1e-3,empty=", choice("net", rate=1e-3, empty=None)),
        ("net:label=true", choice("net", "true")),
        ("net:label=12", choice("net", "12")),
        ("net:label='a,b'", choice("net", "a,b")),
    ],
)
def test_the_command_line_syntax(text: str, expected: RawChoice) -> None:
    assert parse_text(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a name is missing"),
        (":a=1", "a name is missing"),
        ("net:", "'' is not written key=value (a value with a comma is quoted: key=\"a,b\")"),
        ("net:channels", "'channels' is not written key=value (a value with a comma is quoted: key=\"a,b\")"),
        ("net:path=a,b", "'b' is not written key=value (a value with a comma is quoted: key=\"a,b\")"),
        ("net:a=1,", "'' is not written key=value (a value with a comma is quoted: key=\"a,b\")"),
        ("net:=1", "'=1' is not written key=value (a value with a comma is quoted: key=\"a,b\")"),
        ("net:a=1,b=2,a=3", "'a' is given twice"),
        ("net:label=a,label=b", "'label' is given twice"),
        ("net:label=", "a label is one line of printable text, without < and >"),
        ("net:label=''", "a label is one line of printable text, without < and >"),
        ("net:label=<b>", "a label is one line of printable text, without < and >"),
        ("net:grid=[1]", "a grid is written in a suite file; here, give the option several times"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(text: str, message: str) -> None:
    with pytest.raises(ChoiceError) as caught:
        parse_text(text)
    assert str(caught.value) == message


def test_brackets_that_are_not_closed_are_named_with_their_parameter() -> None:
    with pytest.raises(
        ChoiceError, match=r"the value of 'sizes' cannot be read: \[1,2,b=3: this is not YAML"
    ):
        parse_text("net:a=1,sizes=[1,2,b=3")


def test_a_single_setting_may_hold_commas_in_quotes() -> None:
    assert parse_setting(" sizes = [1, 2]") == ("sizes", [1, 2])
    assert parse_setting("label=3") == ("label", "3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bm3d", choice("bm3d")),
        ("{bm3d: }", choice("bm3d")),
        ("{bm3d: {}}", choice("bm3d")),
        ("{deep-decoder: {channels: 128, label: dd}}", choice("deep-decoder", "dd", channels=128)),
        ("deep-decoder:\n  channels: 128\n", choice("deep-decoder", channels=128)),
        (
            "{net: {iterations: 800, grid: {channels: [32, 64], order: [a]}}}",
            RawChoice(
                name="net", parameters={"iterations": 800}, grid={"channels": (32, 64), "order": ("a",)}
            ),
        ),
    ],
)
def test_the_yaml_syntax(text: str, expected: RawChoice) -> None:
    assert entry(text) == expected


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("3", [((), "an entry is a name, or a name with parameters, not 3")]),
        ("''", [((), 'an entry is a name, or a name with parameters, not ""')]),
        ("[a]", [((), "an entry is a name, or a name with parameters, not [a]")]),
        ("{}", [((), "an entry has one name as its only key, this one has: none (indent the parameters?)")]),
        (
            "net:\nchannels: 3\n",
            [
                (
                    (),
                    "an entry has one name as its only key, this one has: net, channels (indent the parameters?)",
                )
            ],
        ),
        ("{net: 128}", [(("net",), "the parameters of 'net' must be written 'key: value', not 128")]),
        ("{net: {label: 3}}", [(("net", "label"), 'a label is text: write "3" in quotes')]),
        (
            "{net: {label: ' '}}",
            [(("net", "label"), "a label is one line of printable text, without < and >")],
        ),
        ("{net: {grid: [1]}}", [(("net", "grid"), "a grid is written 'parameter: [value, value]'")]),
        ("{net: {grid: {}}}", [(("net", "grid"), "a grid is written 'parameter: [value, value]'")]),
        (
            '{net: {a: 1, label: "a\\nb", grid: {a: [1], b: 2, c: []}}}',
            [
                (("net", "label"), "a label is one line of printable text, without < and >"),
                (("net", "grid", "a"), "'a' is given inside the grid and outside of it"),
                (("net", "grid", "b"), "the grid of 'b' must be a list of values, not 2"),
                (("net", "grid", "c"), "the grid of 'c' must be a list of values, not []"),
            ],
        ),
        (
            f"{{net: {{grid: {{a: {list(range(100))}, b: {list(range(100))}}}}}}}",
            [(("net", "grid"), "the grid spans 10000 combinations; at most 1000 are allowed in one entry")],
        ),
    ],
)
def test_every_mistake_of_a_yaml_entry_is_named_with_its_place(text: str, problems: list[Any]) -> None:
    with pytest.raises(ChoiceError) as caught:
        entry(text)
    assert list(caught.value.problems) == problems


def test_a_grid_spans_all_combinations_and_each_has_its_label() -> None:
    raw = entry("{net: {rate: 0.1, grid: {width: [32, 64], order: [a, b]}}}")
    assert [(each.parameters, each.label) for each in expand(raw)] == [
        ({"rate": 0.1, "width": 32, "order": "a"}, None),
        ({"rate": 0.1, "width": 32, "order": "b"}, None),
        ({"rate": 0.1, "width": 64, "order": "a"}, None),
        ({"rate": 0.1, "width": 64, "order": "b"}, None),
    ]
    labelled = entry("{net: {label: tiny, grid: {width: [32, 64]}}}")
    assert [each.label for each in expand(labelled)] == ["tiny:width=32", "tiny:width=64"]


DENOISER = DenoiserSpec(name="net", factory="a:b")
FOLDER = ImageSetSpec(name="folder", factory="a:b", label_from="path")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("net", "net"),
        ("net:label=best one", "best one"),
        ("net:rate=1e-2,sizes=[1,2],flag=true,sigma=15/255", "net:rate=0.01,sizes=[1, 2],flag=true,sigma=15/255"),
    ],
)  # fmt: skip
def test_a_denoiser_is_called_by_its_label_or_its_spelling(text: str, label: str) -> None:
    assert label_of(parse_text(text), DENOISER) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("folder", "folder"),
        ("folder:path=/data/kodak,crop=256", "kodak"),
        ("folder:path=/data/kodak/", "kodak"),
        ("folder:path=~/kodak", "kodak"),
        ("folder:path=kodak,label=crops", "crops"),
        ("folder:path=null,crop=256", "folder:path=null,crop=256"),
        ("folder:crop=256", "folder:crop=256"),
    ],
)
def test_an_image_set_is_called_by_the_last_part_of_its_path(text: str, label: str) -> None:
    assert label_of(parse_text(text), FOLDER) == label


def test_the_current_folder_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kodak" / "raw").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "kodak" / "raw")
    assert label_of(parse_text("folder:path=."), FOLDER) == "raw"
    assert label_of(parse_text("folder:path=.."), FOLDER) == "kodak"


@pytest.mark.parametrize(
    ("label", "fault"),
    [("Cafe\u0301", "composed form"), ("m@previous", "no label ends in @previous"), ("Caf\u00e9@x", "")],
)
def test_labels_that_would_be_taken_for_others_are_refused(label: str, fault: str) -> None:
    assert fault in label_fault(label)
    assert bool(label_fault(label)) == bool(fault)
