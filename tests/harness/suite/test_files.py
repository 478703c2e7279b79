"""A suite is found, resolved to every parameter, changed by options, and written out again."""

# ruff: noqa: E501  (messages are compared whole)

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_things import MINIMAL, made_up_registry

from priorbench.contract.choice import Choice
from priorbench.errors import RequestError
from priorbench.loading.registry import Registry
from priorbench.suite.checking import SuiteText, check_suite
from priorbench.suite.files import load_suite, suite_yaml
from priorbench.suite.model import Suite, SuiteOptions

Load = Callable[..., Suite]


@pytest.fixture
def registry() -> Registry:
    return made_up_registry()


@pytest.fixture
def load(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a loader that takes the text or the bytes of s.yaml, which lies in the current folder."""
    monkeypatch.chdir(tmp_path)
    for folder in ("pictures/kodak", "it's: a, b #1"):
        Path(folder).mkdir(parents=True)

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


def test_a_suite_is_resolved_to_every_parameter(load: Load, tmp_path: Path) -> None:
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
            Choice(
                name="folder",
                label="kodak",
                parameters={"path": str(tmp_path / "pictures/kodak"), "crop": 256},
            ),
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
    suite = load(MINIMAL, images=("folder:path=pictures,crop=3",))
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
        name="folder", label="my, pictures", parameters={"path": str(tmp_path / "my, pictures"), "crop": None}
    )
    (tmp_path / "photos").mkdir()
    assert load(MINIMAL, images=("photos",)).images[0].name == "photos"


# --- what cannot be used here -------------------------------------------------------------------------------

LACKING = "needs the package priorbench-no-such-distribution: pip install 'x[bm3d]' (licence of 'bm3d': non-commercial)"


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
    assert "'suite_things' has no 'nothing_of_that_name'" in broken


def test_a_plugin_that_declares_its_parameters_badly_is_an_error_of_that_entry(load: Load) -> None:
    [problem] = problems_of(load, MINIMAL.replace("[identity]", "[identity, undeclared]"))
    assert problem.startswith("s.yaml:4: denoisers[1]: denoiser 'undeclared': ")
    assert "'rate' has no type annotation" in problem


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "lost",
            "suite 'lost' cannot be read from priorbench_test_suites:lost.yaml: No such file or directory",
        ),
        (
            "orphan",
            "suite 'orphan' cannot be read from priorbench_no_such_package:quick.yaml: there is no package",
        ),
    ],
)
def test_a_registered_suite_whose_file_is_gone_is_an_error(
    registry: Registry, packaged: Callable[[str], None], name: str, reason: str
) -> None:
    with pytest.raises(RequestError, match=reason):
        load_suite(name, registry)


def test_reading_a_suite_imports_neither_torch_nor_numpy() -> None:
    code = "import sys, priorbench.suite.files; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_file_that_no_suite_needs_is_not_read(tmp_path, registry):
    path = tmp_path / "large.yaml"
    path.write_text("#" * 2**18 + "\n")
    with pytest.raises(RequestError, match="it has more than 256 KiB"):
        load_suite(str(path), registry)


def test_grids_count_together(tmp_path, registry):
    """Each is below its own limit of 1000; all of them would take minutes."""
    grid = ", ".join(map(str, range(1, 1000)))
    lines = [f"  - approach: {{label: m{number}, grid: {{iterations: [{grid}]}}}}" for number in range(20)]
    path = tmp_path / "grids.yaml"
    path.write_text("\n".join(["name: x", "images: [ramps]", "noises: [gaussian-25]", "denoisers:", *lines]))
    with pytest.raises(RequestError, match="more than 10000 entries, with those of its grids"):
        load_suite(str(path), registry)
