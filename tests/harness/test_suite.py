"""A suite is checked as a whole: every problem at once, each with its line and the nearest name."""

# ruff: noqa: E501  (messages are compared whole)

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BeforeValidator

from priorbench.errors import RequestError
from priorbench.registry import PluginStatus, Registered, Registry
from priorbench.specs import (
    DenoiserSpec,
    ImageSetSpec,
    MetricSpec,
    NoiseSpec,
    Spec,
    StoppingRuleSpec,
    SuiteSpec,
)
from priorbench.suite import Choice, Suite, SuiteOptions
from priorbench.suite_check import SuiteText, check_suite
from priorbench.suite_file import load_suite, suite_yaml
from priorbench.suite_schema import suite_schema

Load = Callable[..., Suite]


def _fraction(value: Any) -> Any:
    numerator, _, denominator = value.partition("/") if isinstance(value, str) else (value, "", "")
    return float(numerator) / float(denominator or 1) if isinstance(value, str) else value


class Decoder:
    def __init__(
        self, *, channels: int = 128, iterations: int = 3000, optimiser: Literal["adam", "sgd"] = "adam"
    ) -> None:
        self.channels = channels


class Photos:
    def __init__(self, *, crop: int | None = None, limit: int | None = None) -> None:
        self.crop = crop


class Folder:
    def __init__(self, *, path: str = "", crop: int | None = None) -> None:
        self.path = path


def gaussian(*, sigma: Annotated[float, BeforeValidator(_fraction)] = 25 / 255, clip: bool = False) -> float:
    return sigma


def identity() -> None:
    """Take no parameters."""


def gain(estimate: Any, clean: Any) -> float:
    return 0.0


def undeclared(*, rate=1):  # type: ignore[no-untyped-def]
    return rate


HERE = __name__
MISSING = ("priorbench-no-such-distribution",)
SPECS: tuple[Spec | SuiteSpec, ...] = (
    DenoiserSpec(name="identity", factory=f"{HERE}:identity"),
    DenoiserSpec(name="deep-decoder", factory=f"{HERE}:Decoder"),
    DenoiserSpec(
        name="deep-decoder-over",
        factory=f"{HERE}:Decoder",
        preset={"channels": 512},
    ),
    DenoiserSpec(
        name="bm3d",
        factory=f"{HERE}:identity",
        requires=MISSING,
        install="pip install 'x[bm3d]'",
        licence="non-commercial",
    ),
    DenoiserSpec(name="broken", factory=f"{HERE}:nothing_of_that_name"),
    DenoiserSpec(name="undeclared", factory=f"{HERE}:undeclared"),
    ImageSetSpec(name="photos", factory=f"{HERE}:Photos"),
    ImageSetSpec(name="folder", factory=f"{HERE}:Folder", label_from="path", takes_folder=True),
    ImageSetSpec(name="paid-photos", factory=f"{HERE}:Photos", requires=MISSING),
    NoiseSpec(name="gaussian", factory=f"{HERE}:gaussian"),
    NoiseSpec(name="gaussian-25", factory=f"{HERE}:gaussian"),
    StoppingRuleSpec(name="fixed", factory=f"{HERE}:identity"),
    StoppingRuleSpec(name="oracle", factory=f"{HERE}:identity", oracle=True),
    MetricSpec(name="gain", factory=f"{HERE}:gain"),
    MetricSpec(name="lpips", factory=f"{HERE}:gain", requires=MISSING),
    SuiteSpec(name="quick", resource="priorbench_test_suites:quick.yaml"),
    SuiteSpec(name="standard", resource="priorbench_test_suites:standard.yaml"),
    SuiteSpec(name="lost", resource="priorbench_test_suites:lost.yaml"),
    SuiteSpec(name="orphan", resource="priorbench_no_such_package:quick.yaml"),
)

MINIMAL = "name: small\nimages: [photos]\nnoises: [gaussian-25]\ndenoisers: [identity]\n"


@pytest.fixture
def registry() -> Registry:
    plugin = PluginStatus(name="test", module=HERE, distribution="test", version="1")
    records: dict[str, dict[str, Registered]] = {}
    for spec in SPECS:
        records.setdefault(spec.kind, {})[spec.name] = Registered(spec=spec, plugin=plugin)
    return Registry(records=records)


@pytest.fixture
def load(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a loader that takes the text or the bytes of s.yaml, which lies in the current folder."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, **options: Any) -> Suite:
        Path("s.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load_suite("s.yaml", registry, SuiteOptions(**options))

    return load_text


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a writer of the registered suite 'quick'."""
    package = tmp_path / "packages" / "priorbench_test_suites"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    importlib.invalidate_caches()

    def write(text: str) -> None:
        (package / "quick.yaml").write_text(text)

    return write


def problems_of(load: Load, text: str | bytes, **options: Any) -> list[str]:
    with pytest.raises(RequestError) as caught:
        load(text, **options)
    return list(caught.value.problems)


def labels(choices: tuple[Choice, ...]) -> list[str]:
    return [choice.label for choice in choices]


# --- what is right ------------------------------------------------------------------------------------------


def test_a_suite_is_resolved_to_every_parameter(load: Load) -> None:
    text = """\
name: kodak-quick
summary: a few
images:
  - photos
  - folder: {path: pictures/kodak, crop: 256}
noises:
  - gaussian-25
  - gaussian: {sigma: 51/255, clip: true}
denoisers:
  - deep-decoder-over
  - deep-decoder: {label: dd-tiny, channels: 32, iterations: 800}
  - deep-decoder: {optimiser: sgd, grid: {channels: [32, 64]}}
repetitions: 2
metrics: [gain]
"""
    suite = load(text)
    assert suite == Suite(
        name="kodak-quick",
        summary="a few",
        images=(
            Choice(name="photos", label="photos", parameters={"crop": None, "limit": None}),
            Choice(name="folder", label="kodak", parameters={"path": "pictures/kodak", "crop": 256}),
        ),
        noises=(
            Choice(name="gaussian-25", label="gaussian-25", parameters={"sigma": 25 / 255, "clip": False}),
            Choice(
                name="gaussian",
                label="gaussian:sigma=51/255,clip=true",
                parameters={"sigma": 0.2, "clip": True},
            ),
        ),
        denoisers=(
            Choice(
                name="deep-decoder-over",
                label="deep-decoder-over",
                parameters={"channels": 512, "iterations": 3000, "optimiser": "adam"},
            ),
            Choice(
                name="deep-decoder",
                label="dd-tiny",
                parameters={"channels": 32, "iterations": 800, "optimiser": "adam"},
            ),
            *(
                Choice(
                    name="deep-decoder",
                    label=f"deep-decoder:optimiser=sgd,channels={channels}",
                    parameters={"channels": channels, "iterations": 3000, "optimiser": "sgd"},
                )
                for channels in (32, 64)
            ),
        ),
        stopping=(Choice(name="fixed", label="fixed"),),
        repetitions=2,
        metrics=("gain",),
        source=text,
    )


def test_a_resolved_suite_written_out_and_loaded_again_is_the_same(load: Load) -> None:
    suite = load(
        MINIMAL,
        images=("photos:crop=128", "folder:path='it''s: a, b #1',label=\"yes, no\""),
        noises=("gaussian:sigma=1e-3", "gaussian:sigma=15/255,label=~"),
        denoisers=("identity", "deep-decoder:channels=32,label='null'", "deep-decoder:iterations=7"),
        stopping=("oracle", "fixed"),
        metrics=("gain",),
        repetitions=3,
    )
    again = load(suite_yaml(suite))
    assert dataclasses.replace(again, source=suite.source) == suite
    assert suite_yaml(again) == suite_yaml(suite)


def test_a_suite_is_json_able(load: Load) -> None:
    suite = load(MINIMAL, images=("folder:path=a,crop=3",))
    assert json.loads(json.dumps(dataclasses.asdict(suite), allow_nan=False))["name"] == "small"


def test_a_registered_suite_is_found_by_name(registry: Registry, packaged: Callable[[str], None]) -> None:
    packaged(MINIMAL)
    assert load_suite("quick", registry) == check_suite(
        SuiteText(name="x", text=MINIMAL), registry, SuiteOptions()
    )


def test_a_file_needs_no_suffix_and_may_start_with_a_byte_order_mark(load: Load, registry: Registry) -> None:
    Path("mine").write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load_suite("mine", registry).source == MINIMAL
    assert load(MINIMAL.replace("\n", "\r\n")).name == "small"


def test_options_replace_lists_and_are_kept_in_the_source(load: Load) -> None:
    suite = load(
        MINIMAL,
        denoisers=("deep-decoder:channels=3,label=my net", "identity"),
        repetitions=4,
        metrics=("gain",),
    )
    assert labels(suite.denoisers) == ["my net", "identity"]
    assert (suite.repetitions, suite.metrics, labels(suite.images)) == (4, ("gain",), ["photos"])
    assert suite.source == (
        f"{MINIMAL}# with --denoiser 'deep-decoder:channels=3,label=my net' --denoiser identity --metric gain "
        "--repetitions 4\n"
    )


def test_a_list_that_is_replaced_is_not_checked(load: Load) -> None:
    text = MINIMAL.replace("[identity]", "[no-such-method]").replace("images: [photos]\n", "")
    assert labels(load(text, denoisers=("identity",), images=("photos",)).denoisers) == ["identity"]


def test_a_suite_may_be_made_of_options_alone(registry: Registry) -> None:
    options = SuiteOptions(images=("photos",), noises=("gaussian-25",), denoisers=("identity",))
    suite = load_suite("-", registry, options)
    assert (suite.name, labels(suite.stopping), suite.repetitions) == ("-", ["fixed"], 1)
    assert suite.source == "--images photos --noise gaussian-25 --denoiser identity"
    with pytest.raises(RequestError) as caught:
        load_suite("-", registry, SuiteOptions(images=("photos",)))
    assert caught.value.problems == (
        "--noise: give at least one noise model: the suite '-' has none of its own",
        "--denoiser: give at least one denoiser: the suite '-' has none of its own",
    )


def test_the_path_of_a_folder_is_an_image_set(load: Load, tmp_path: Path) -> None:
    (tmp_path / "my, pictures").mkdir()
    [choice] = load(MINIMAL, images=("my, pictures",)).images
    assert choice == Choice(
        name="folder", label="my, pictures", parameters={"path": "my, pictures", "crop": None}
    )
    (tmp_path / "photos").mkdir()
    assert load(MINIMAL, images=("photos",)).images[0].name == "photos"


# --- what cannot be used here -------------------------------------------------------------------------------

LACKING = "needs the package priorbench-no-such-distribution: pip install 'x[bm3d]' (licence: non-commercial)"


def test_a_denoiser_whose_package_is_missing_is_left_out_of_a_file_with_a_warning(load: Load) -> None:
    suite = load("name: s\nimages: [photos]\nnoises: [gaussian-25]\ndenoisers:\n  - identity\n  - bm3d\n")
    assert labels(suite.denoisers) == ["identity"]
    assert suite.warnings == (f"s.yaml:6: denoisers[1] bm3d: left out: {LACKING}",)


def test_a_denoiser_asked_for_by_option_is_never_left_out(load: Load) -> None:
    assert problems_of(load, MINIMAL, denoisers=("identity", "bm3d")) == [f"--denoiser 'bm3d': {LACKING}"]


def test_an_image_set_or_metric_that_cannot_be_used_is_an_error(load: Load) -> None:
    lacking = "needs the package priorbench-no-such-distribution: pip install priorbench-no-such-distribution"
    text = MINIMAL.replace("[photos]", "[photos, paid-photos]") + "metrics: [gain, lpips]\n"
    assert problems_of(load, text) == [
        f"s.yaml:2: images[1]: {lacking}",
        f"s.yaml:5: metrics[1]: {lacking}",
    ]


def test_a_suite_of_which_no_denoiser_is_left_is_an_error(load: Load) -> None:
    assert problems_of(load, MINIMAL.replace("[identity]", "[bm3d]")) == [
        "s.yaml:4: denoisers: none of them can be used here: name at least one denoiser, or give --denoiser",
        f"s.yaml:4: denoisers[0] bm3d: left out: {LACKING}",
    ]


def test_a_registered_suite_runs_without_the_plugins_that_are_gone_or_broken(
    registry: Registry, packaged: Callable[[str], None], load: Load
) -> None:
    text = MINIMAL.replace("[identity]", "[identity, gone, broken, bm3d]")
    packaged(text)
    suite = load_suite("quick", registry)
    assert labels(suite.denoisers) == ["identity"]
    reasons = [warning.removeprefix("quick.yaml:4: ") for warning in suite.warnings]
    assert reasons[0].startswith("denoisers[1] gone: left out: unknown denoiser 'gone'")
    assert reasons[1].startswith("denoisers[2] broken: left out: denoiser 'broken' cannot be loaded from ")
    assert reasons[2] == f"denoisers[3] bm3d: left out: {LACKING}"

    [unknown, broken] = problems_of(load, text)  # in one's own file, a name that is not there is a mistake
    assert unknown.startswith("s.yaml:4: denoisers[1]: unknown denoiser 'gone'")
    assert "AttributeError: module" in broken


def test_a_plugin_that_declares_its_parameters_badly_is_an_error_of_that_entry(load: Load) -> None:
    [problem] = problems_of(load, MINIMAL.replace("[identity]", "[identity, undeclared]"))
    assert problem.startswith("s.yaml:4: denoisers[1]: denoiser 'undeclared': ")
    assert "'rate' has no type annotation" in problem


# --- what is wrong ------------------------------------------------------------------------------------------

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
        "s.yaml:2: unknown key 'imagse'; did you mean 'images'? Allowed: denoisers, images, metrics, name, "
        "noises, repetitions, stopping, summary",
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
        "--images 'pictures/none': unknown image set 'pictures/none'. Allowed: folder, paid-photos, photos",
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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("lost", "suite 'lost' cannot be read from priorbench_test_suites:lost.yaml: FileNotFoundError"),
        (
            "orphan",
            "suite 'orphan' cannot be read from priorbench_no_such_package:quick.yaml: ModuleNotFound",
        ),
    ],
)
def test_a_registered_suite_whose_file_is_gone_is_an_error(
    registry: Registry, packaged: Callable[[str], None], name: str, reason: str
) -> None:
    with pytest.raises(RequestError, match=reason):
        load_suite(name, registry)


# --- the schema ---------------------------------------------------------------------------------------------


def test_the_schema_describes_the_keys_and_forbids_others() -> None:
    schema = json.loads(json.dumps(suite_schema(), allow_nan=False))
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name"]
    assert set(schema["properties"]) == {
        "name",
        "summary",
        "images",
        "noises",
        "denoisers",
        "stopping",
        "repetitions",
        "metrics",
    }
    assert schema["properties"]["denoisers"]["items"]["anyOf"][0]["type"] == "string"
    assert math.isclose(schema["properties"]["repetitions"]["minimum"], 1)


def test_reading_a_suite_imports_neither_torch_nor_numpy() -> None:
    code = "import sys, priorbench.suite_file; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
