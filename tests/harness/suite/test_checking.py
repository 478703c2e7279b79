"""A suite is checked as a whole: every problem at once, each with its line and the nearest name."""

# ruff: noqa: E501  (messages are compared whole)

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_things import MINIMAL, made_up_registry

from priorbench.errors import RequestError
from priorbench.loading.registry import Registry
from priorbench.suite.files import load_suite
from priorbench.suite.model import Suite, SuiteOptions
from priorbench.suite.schema import suite_schema

Load = Callable[..., Suite]


@pytest.fixture
def registry() -> Registry:
    return made_up_registry()


@pytest.fixture
def load(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a loader that takes the text or the bytes of s.yaml, which lies in the current folder."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, **options: Any) -> Suite:
        Path("s.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load_suite("s.yaml", registry, SuiteOptions(**options))

    return load_text


def problems_of(load: Load, text: str | bytes, **options: Any) -> list[str]:
    with pytest.raises(RequestError) as caught:
        load(text, **options)
    return list(caught.value.problems)


DENOISERS = "bm3d, broken, deep-decoder, deep-decoder-over, identity, undeclared"
PARAMETERS = "channels, iterations, optimiser"


def test_all_problems_of_a_file_come_at_once_in_the_order_of_their_lines(load: Load) -> None:
    text = """\
name: many
imagse: [photos]
images:
  - photos: {crop: large}
  - photo
noises:
  - gaussian: {sigma: loud, clip: 1}
denoisers:
  - identity
  - deep-decoder: {chanels: 3}
  - deep-decoder:
      channels: 64
      iterations: 3000.0

      optimiser: adm
  - dep-decoder
  - deep-decoder:
    channels: 3
  - identity
  - deep-decoder:
      iterations: "5"
      grid:
        channels: [32, true]
stopping: fixed
repetitions: 0
metrics: [gian, gain, gain, 3]
"""
    assert problems_of(load, text) == [
        "s.yaml:2: unknown key 'imagse'; did you mean 'images'? Allowed: averaging, denoisers, images, metrics, name, "
        "noises, operators, repetitions, stopping, summary",
        "s.yaml:4: images[0] photos: 'crop' must be int | None, not \"large\"",
        "s.yaml:5: images[1]: unknown image set 'photo'; did you mean 'photos'? "
        "Allowed: folder, paid-photos, photos",
        "s.yaml:7: noises[0] gaussian: 'sigma': could not convert string to float: 'loud'",
        "s.yaml:7: noises[0] gaussian: 'clip' must be bool, not 1",
        "s.yaml:10: denoisers[1] deep-decoder: unknown parameter 'chanels'; did you mean 'channels'? "
        f"Allowed: {PARAMETERS}",
        "s.yaml:13: denoisers[2] deep-decoder: 'iterations' must be int, not 3000.0 (write 3000)",
        "s.yaml:15: denoisers[2] deep-decoder: 'optimiser' cannot be 'adm'; did you mean 'adam'? "
        "Allowed: adam, sgd",
        f"s.yaml:16: denoisers[3]: unknown denoiser 'dep-decoder'; did you mean 'deep-decoder'? "
        f"Allowed: {DENOISERS}",
        "s.yaml:17: denoisers[4]: an entry has one name as its only key, this one has: deep-decoder, channels "
        "(indent the parameters?)",
        "s.yaml:19: denoisers[5] identity: the label 'identity' is already that of denoisers[0]: "
        "give one of them another 'label'",
        "s.yaml:21: denoisers[6] deep-decoder: 'iterations' must be int, not \"5\"",
        "s.yaml:23: denoisers[6] deep-decoder: 'channels' must be int, not true",
        "s.yaml:24: stopping: must be a list, with a line '- name' for each entry, not fixed",
        "s.yaml:25: repetitions: must be 1 or more, not 0",
        "s.yaml:26: metrics[3]: must be a name, not 3",
        "s.yaml:26: metrics[0]: unknown metric 'gian'; did you mean 'gain'? Allowed: gain, lpips",
        "s.yaml:26: metrics[2]: it is given twice",
    ]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1: the file is empty; a suite has a name, images, noises and denoisers"]),
        ("# nothing\n\n", ["1: the file is empty; a suite has a name, images, noises and denoisers"]),
        (
            "\n- photos\n- identity\n",
            ["2: a suite is a mapping (name: ..., images: [...], ...), not a list"],
        ),
        ("quick\n", ["1: a suite is a mapping (name: ..., images: [...], ...), not a single value"]),
    ],
)
def test_what_is_no_suite_at_all_is_one_problem(load: Load, text: str, problems: list[str]) -> None:
    assert problems_of(load, text) == [f"s.yaml:{problem}" for problem in problems]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("name: small\n", ""), "1: the key 'name' is missing"),
        (("name: small", "name:"), "1: name: must be text, not null"),
        (("name: small", "name: 2020"), "1: name: must be text, not 2020"),
        (("name: small", 'name: "a\\nb"'), '1: name: must be one line of text, not "a\\nb"'),
        (("images: [photos]", "images:"), "2: images: must be a list, with a line '- name' for each entry, not null"),
        (("[photos]", "[]"), "2: images: the list is empty: name at least one image set, or give --images"),
        (("[photos]", "[photos, photos: {crop: 3}, 7]"), "2: images[2]: an entry is a name, or a name with parameters, not 7"),
        (("[photos]", "[photos: {label: 3}]"), '2: images[0]: a label is text: write "3" in quotes'),
        (("[photos]", "[photos: {crop: 1, crop: 2}]"), "2: the key 'crop' is given twice (first in line 2)"),
        (("[photos]", "\n- &a photos\n- *a"), "3: images[1] photos: the label 'photos' is already that of images[0]: give one of them another 'label'"),
        (("[gaussian-25]", "[Gaussian-25]"), "3: noises[0]: unknown noise model 'Gaussian-25'; did you mean 'gaussian-25'? Allowed: gaussian, gaussian-25"),
        (("[gaussian-25]", "[gaussian: {sigma: .inf}]"), "3: noises[0] gaussian: 'sigma' must be finite, not Infinity"),
        (("[gaussian-25]", "['gaussian:sigma=3']"), "3: noises[0]: unknown noise model 'gaussian:sigma=3'; did you mean 'gaussian'? Allowed: gaussian, gaussian-25 (in a suite file, parameters are written 'gaussian: {key: value}')"),
        (("[identity]", "[identity: {sigma: 3}]"), "4: denoisers[0] identity: unknown parameter 'sigma'. Allowed: (none)"),
        (("[identity]", "[deep-decoder: {grid: {channels: [8, 8]}}]"), "4: denoisers[0] deep-decoder: the label 'deep-decoder:channels=8' is already that of denoisers[0]: give one of them another 'label'"),
        (("[identity]\n", "[identity]\nstopping: [fixd]\n"), "5: stopping[0]: unknown stopping rule 'fixd'; did you mean 'fixed'? Allowed: fixed, oracle"),
        (("[identity]\n", "[identity]\nstopping: []\n"), "5: stopping: the list is empty: name at least one stopping rule, or give --stopping"),
        (("[identity]\n", "[identity]\nrepetitions: true\n"), "5: repetitions: must be a whole number, not true"),
        (("[identity]\n", f"[identity]\nrepetitions: 1{'0' * 30}\n"), f"5: repetitions: must be at most 1000000, not 1{'0' * 30}"),
        (("[identity]\n", "[identity]\n1: 2\n"), "5: a key must be text, not '1'"),
        (("[identity]\n", "[identity\n"), "5: this is not YAML: while parsing a flow sequence expected ',' or ']', but got '<stream end>'"),
        (("images:", "\timages:"), "2: this is not YAML: while scanning for the next token found character '\\t' that cannot start any token (indent with spaces, not with tabs)"),
        (("images: [photos]", "name: again\nimages: [photos]"), "2: the key 'name' is given twice (first in line 1)"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line_and_what_is_allowed(
    load: Load, change: tuple[str, str], problem: str
) -> None:
    assert change[0] in MINIMAL
    assert problems_of(load, MINIMAL.replace(*change)) == [f"s.yaml:{problem}"]


def test_mistakes_in_options_are_named_after_the_option(load: Load) -> None:
    problems = problems_of(
        load,
        MINIMAL.replace("name: small", "name: 3"),
        images=("pictures/none", "photos:crop=,crop=3"),
        noises=("gaussian:sigma=[1",),
        denoisers=("deep-decoder:chanels=3", "identity", "identity:"),
        stopping=("fixed", "fixed"),
        metrics=("gian",),
        repetitions=0,
    )
    assert [problem.partition(": this is")[0] for problem in problems] == [
        "--images 'photos:crop=,crop=3': 'crop' is given twice",
        "--images 'pictures/none': there is no folder 'pictures/none', and no image set of that name: "
        "folder, paid-photos, photos",
        "--noise 'gaussian:sigma=[1': the value of 'sigma' cannot be read: [1",
        "--denoiser 'identity:': '' is not written key=value (a value with a comma is quoted: key=\"a,b\")",
        "--denoiser 'deep-decoder:chanels=3': unknown parameter 'chanels'; did you mean 'channels'? "
        f"Allowed: {PARAMETERS}",
        "--stopping 'fixed': the label 'fixed' is already that of --stopping 'fixed': "
        "give one of them another 'label'",
        "--metric 'gian': unknown metric 'gian'; did you mean 'gain'? Allowed: gain, lpips",
        "--repetitions: must be 1 or more, not 0",
        "s.yaml:1: name: must be text, not 3",
    ]


def test_an_option_has_its_largest_number_too(load: Load) -> None:
    assert problems_of(load, MINIMAL, repetitions=10**30) == [
        f"--repetitions: must be at most 1000000, not {10**30}"
    ]


def test_a_file_that_is_not_utf_8_is_one_problem_with_its_line(load: Load) -> None:
    assert problems_of(load, MINIMAL.encode() + "# café\n".encode("latin-1")) == [
        "s.yaml:5: this is not UTF-8 text (byte 0xe9)"
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "quik",
            "unknown suite 'quik'; did you mean 'quick'? Allowed: lost, orphan, quick, standard; "
            "or give the path of a YAML file, or '-' for options alone",
        ),
        (
            "quik.yaml",
            "quik.yaml: there is no such suite file; did you mean 'quick'? Allowed: lost, orphan, quick, standard",
        ),
        (
            "suites/zzz",
            "suites/zzz: there is no such suite file. Allowed: lost, orphan, quick, standard",
        ),
        (".", ".: the suite file cannot be read: Is a directory"),
        ("a\0b", "a\0b: the suite file cannot be read: embedded null byte"),
    ],
)
def test_a_suite_that_is_not_there_is_an_error_with_the_nearest_name(
    load: Load, registry: Registry, name: str, problem: str
) -> None:
    with pytest.raises(RequestError) as caught:
        load_suite(name, registry)
    assert caught.value.problems == (problem,)


# --- the schema ---------------------------------------------------------------------------------------------


def test_the_schema_describes_the_keys_and_forbids_others() -> None:
    schema = json.loads(json.dumps(suite_schema(), allow_nan=False))
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name"]
    assert set(schema["properties"]) == {
        "name",
        "summary",
        "images",
        "operators",
        "noises",
        "denoisers",
        "stopping",
        "averaging",
        "repetitions",
        "metrics",
    }
    assert schema["properties"]["denoisers"]["items"]["anyOf"][0]["type"] == "string"
    assert schema["properties"]["repetitions"]["minimum"] == 1


def test_a_file_among_the_images_is_told_as_one(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "good.png"
    file.write_bytes(b"x")
    (problem,) = problems_of(load, MINIMAL, images=(str(file),))
    assert problem == (
        f"--images '{file}': '{file}' is a file, not an image set: give the folder it is in ({tmp_path}); "
        "'priorbench denoise' takes single pictures"
    )
