"""Common slips get the line that helps: a level without its noise, a crop in a name, a lost folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from priorbench.errors import RequestError
from priorbench.loading.load import load_registry
from priorbench.loading.registry import PluginStatus, Registry
from priorbench.suite.files import load_suite, suite_yaml
from priorbench.suite.model import SuiteOptions

SUITE = """\
name: own
images:
  - folder: {path: pictures, crop: 32}
noises: [gaussian-25]
denoisers: [identity]
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(allow=["standard", "images", "classical"])


def problem(registry: Registry, **options: Any) -> str:
    """Return what is said of a suite that is made of options alone."""
    usual = {"images": ("photos",), "noises": ("gaussian-25",), "denoisers": ("identity",)}
    with pytest.raises(RequestError) as caught:
        load_suite("-", registry, SuiteOptions(**(usual | options)))
    [line] = caught.value.problems
    return line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"noises": ("25",)}, "'25' is a level: name the noise, too, as 'gaussian:sigma=25'"),
        ({"noises": ("15/255",)}, "name the noise, too, as 'gaussian:sigma=15/255'"),
        ({"noises": ("0.1",)}, "name the noise, too, as 'gaussian:sigma=0.1'"),
        ({"noises": ("gaussian-35",)}, "there is no 'gaussian-35' by name: write 'gaussian:sigma=35'"),
        ({"noises": ("gausian",)}, "did you mean 'gaussian'?"),
        ({"images": ("photos-64",)}, "write 'photos:crop=64' for its middles of that size"),
        ({"images": ("signals-64",)}, "unknown image set 'signals-64'; did you mean 'signals'?"),
        ({"images": ("photos:lable=x",)}, "'lable'; did you mean 'label'? Allowed: crop, limit"),
        ({"noises": ("gaussian:labl=x",)}, "'labl'; did you mean 'label'? Allowed: "),
        ({"images": ("photos:croop=3",)}, "'croop'; did you mean 'crop'? Allowed: crop, limit"),
    ],
)
def test_a_slip_gets_the_line_that_helps(registry: Registry, options: dict[str, Any], said: str) -> None:
    assert said in problem(registry, **options)


@pytest.mark.parametrize("text", ["{code}", "{code}y", " {code}"])
def test_the_code_of_a_method_in_the_place_of_its_name_gets_the_name(registry: Registry, text: str) -> None:
    code = registry.find("denoiser", "nl-means").spec.factory
    said = problem(registry, denoisers=(text.format(code=code),))
    assert f"did you mean 'nl-means', whose code is {code}?" in said
    assert "key=value" not in said and "suite file" not in said


def test_the_code_of_a_method_in_a_suite_file_gets_the_name(registry: Registry, tmp_path: Path) -> None:
    code = registry.find("denoiser", "nl-means").spec.factory
    (tmp_path / "pictures").mkdir()
    (tmp_path / "own.yaml").write_text(SUITE.replace("identity", f"'{code}y'"))
    with pytest.raises(RequestError) as caught:
        load_suite(str(tmp_path / "own.yaml"), registry, SuiteOptions())
    [line] = [one for one in caught.value.problems if "denoiser" in one]
    assert line.endswith(f"did you mean 'nl-means', whose code is {code}?")


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"denoisers": ("nl-mean:radius",)}, "unknown denoiser 'nl-mean'; did you mean 'nl-means'?"),
        ({"denoisers": ("elsewhere.module:Method",)}, "unknown denoiser 'elsewhere.module'"),
        ({"noises": ("gausian:sigma",)}, "unknown noise model 'gausian'; did you mean 'gaussian'?"),
        ({"images": ("photo:limit=[",)}, "unknown image set 'photo'; did you mean 'photos'?"),
    ],
)
def test_a_name_is_told_although_its_parameters_cannot_be_read(
    registry: Registry, options: dict[str, Any], near: str
) -> None:
    usual = {"images": ("photos",), "noises": ("gaussian-25",), "denoisers": ("identity",)}
    with pytest.raises(RequestError) as caught:
        load_suite("-", registry, SuiteOptions(**(usual | options)))
    name, parameters = caught.value.problems
    assert near in name
    assert "key=value" in parameters or "cannot be read" in parameters


def test_a_bare_level_in_a_file_has_its_line(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "own.yaml").write_text(SUITE.replace("[gaussian-25]", "[25]"))
    with pytest.raises(RequestError, match=r"own\.yaml:4: noises\[0\]: .*'gaussian:sigma=25'"):
        load_suite(str(tmp_path / "own.yaml"), registry)


def test_a_path_in_a_suite_is_relative_to_the_suite_wherever_it_is_run(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites" / "pictures").mkdir(parents=True)
    (tmp_path / "suites" / "own.yaml").write_text(SUITE)
    for here, name in ((tmp_path, "suites/own.yaml"), (tmp_path / "suites", "own.yaml")):
        monkeypatch.chdir(here)
        suite = load_suite(name, registry)
        assert suite.images[0].parameters["path"] == str(tmp_path / "suites" / "pictures")
        assert suite.images[0].label == "pictures"
    (tmp_path / "resolved.yaml").write_text(suite_yaml(suite))  # of another folder: the same set
    assert load_suite(str(tmp_path / "resolved.yaml"), registry).images == suite.images


def test_a_folder_that_is_not_there_has_its_line_and_one_in_the_working_folder_is_told(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "own.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match=r"own\.yaml:3: images\[0\] folder: path: there is no '"):
        load_suite("suites/own.yaml", registry)
    (tmp_path / "pictures").mkdir()  # where such a path was looked for before
    with pytest.raises(RequestError, match=r"relative to the file's folder; .* write /"):
        load_suite("suites/own.yaml", registry)


def test_a_path_of_an_option_is_relative_to_the_working_folder(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "suites" / "own.yaml").write_text(SUITE.replace("path: pictures", "path: ."))
    monkeypatch.chdir(tmp_path)
    suite = load_suite("suites/own.yaml", registry, SuiteOptions(images=("folder:path=pictures",)))
    assert suite.images[0].parameters["path"] == str(tmp_path / "pictures")


def test_a_denoiser_can_be_added_to_those_of_a_suite(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SUITE.replace("  - folder: {path: pictures, crop: 32}", "  - photos"))
    name = str(tmp_path / "own.yaml")

    def methods(**options: Any) -> list[str]:
        return [one.label for one in load_suite(name, registry, SuiteOptions(**options)).denoisers]

    assert methods(added_denoisers=("tv",)) == ["identity", "tv"]
    assert methods(denoisers=("wavelet",), added_denoisers=("tv:label=t",)) == ["wavelet", "t"]
    suite = load_suite(name, registry, SuiteOptions(added_denoisers=("tv",)))
    assert suite.source.endswith("# with --add-denoiser tv\n")
    with pytest.raises(RequestError, match="--add-denoiser 'tvv': unknown denoiser 'tvv'"):
        methods(added_denoisers=("tvv",))
    with pytest.raises(RequestError, match="the label 'identity' is already that of"):
        methods(added_denoisers=("identity",))


def test_a_path_in_a_home_stays_as_it_is_written(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers on other machines have other homes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "own.yaml").write_text(SUITE.replace("path: pictures", "path: ~/pictures"))
    suite = load_suite(str(tmp_path / "own.yaml"), registry)
    assert suite.images[0].parameters["path"] == "~/pictures"


def test_a_list_is_relative_to_the_suite_too_unless_it_is_in_a_package(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "val").mkdir()
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "names.txt").write_text("one.png\n")
    monkeypatch.chdir(tmp_path)

    def chosen(name: str) -> Any:
        text = SUITE.replace(
            "folder: {path: pictures, crop: 32}", f"imagenet: {{path: ../val, list: '{name}'}}"
        )
        (tmp_path / "suites" / "own.yaml").write_text(text)
        return load_suite("suites/own.yaml", registry).images[0].parameters["list"]

    assert chosen("names.txt") == "suites/names.txt"
    assert chosen("priorbench_heckel2020:imagenet100.txt") == "priorbench_heckel2020:imagenet100.txt"
    with pytest.raises(RequestError, match=r"imagenet: list: there is no 'suites/lost\.txt'"):
        chosen("lost.txt")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"denoisers": ("own-filter",)}, "; own_file.py has it: add --plugin own_file.py"),
        ({"noises": ("shot-noise",)}, "; if a file of yours registers it, add --plugin FILE.py"),
        ({"metrics": ("edges",)}, "; if a file of yours registers it, add --plugin FILE.py"),
        ({"stopping": ("patience",)}, "; if a file of yours registers it, add --plugin FILE.py"),
        ({"images": ("./picture",)}, "no image set of that name; did you mean 'pictures'? Image sets: "),
        ({"images": ("folder:path=picture",)}, "path: there is no 'picture'; did you mean 'pictures'?"),
    ],
)
def test_what_is_not_installed_may_be_in_a_file(
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "notes.py").write_text('"own-noise"')
    (tmp_path / "own_file.py").write_text("from priorbench import hookimpl\nname = 'own-filter'\n")
    assert said in problem(registry, **options)


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        ("gaussian", "no level is written, so it is the default: gaussian:sigma=25/255"),
        ("gaussian:clip=true", "it is the default: gaussian:sigma=25/255"),
        ("poisson-gaussian", "it is the default: poisson-gaussian:a=0.01,b=0.0004"),
        ("gaussian:sigma=10", ""),
        ("gaussian-25", ""),
    ],
)
def test_a_noise_without_its_level_is_told_which_it_is(registry: Registry, noise: str, said: str) -> None:
    options = SuiteOptions(images=("photos",), noises=(noise,), denoisers=("identity",))
    remarks = load_suite("-", registry, options).remarks
    assert len(remarks) == bool(said)
    assert all(said in line and line.startswith(f"--noise '{noise}': ") for line in remarks)


def test_a_level_that_a_suite_file_leaves_out_has_its_line(registry: Registry, tmp_path: Path) -> None:
    text = SUITE.replace("[gaussian-25]", "[gaussian, {poisson: {grid: {peak: [10, 30]}}}]")
    (tmp_path / "own.yaml").write_text(text.replace("folder: {path: pictures, crop: 32}", "photos"))
    [line] = load_suite(str(tmp_path / "own.yaml"), registry).remarks
    assert line.startswith(f"{tmp_path}/own.yaml:4: noises[0] gaussian: no level is written")


def test_a_broken_plugin_that_may_have_had_the_name_is_named_with_its_reason(registry: Registry) -> None:
    reason = "requires must be tuple[str, ...], not str: write ('scipy',)"
    mine = PluginStatus(name="mine", module="m", distribution="", version="", status="broken", reason=reason)
    told = problem(replace(registry, plugins=(*registry.plugins, mine)), denoisers=("mynump",))
    assert "unknown denoiser 'mynump'" in told
    assert f"plugin 'mine' is broken: {reason}" in told
    assert "--plugin" not in told


def test_a_folder_in_a_suite_file_is_not_called_missing(registry: Registry, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    file = tmp_path / "own.yaml"
    file.write_text(SUITE.replace("folder: {path: pictures, crop: 32}", str(pictures)))
    with pytest.raises(RequestError) as caught:
        load_suite(str(file), registry)
    [line] = caught.value.problems
    assert f"'{pictures}' is a folder: write 'folder: {{path: {pictures}}}'" in line
    assert "there is no folder" not in line


def test_where_nothing_takes_a_folder_it_is_said(tmp_path: Path) -> None:
    bare = load_registry(allow=["standard"])
    with pytest.raises(RequestError) as caught:
        load_suite("-", bare, SuiteOptions(images=(str(tmp_path),)))
    wanted = f"'{tmp_path}' is a folder, and no image set that is installed takes one"
    assert any(line.endswith(wanted) for line in caught.value.problems)
