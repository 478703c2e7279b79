"""Plugins are found, loaded one by one, and reported with their reason where they are broken."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from typing import Any

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.load import load_registry
from priorbench.loading.registry import PluginStatus, Registry, missing_reason

GOOD = """
from priorbench import DenoiserSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="good", factory="good_plugin.model:Good", summary="works")
"""

HEAD = "from priorbench import DenoiserSpec, NoiseSpec, hookimpl\nspec = DenoiserSpec\n"

#: what is wrong -> (source, status, what the reason must say)
BROKEN = {
    "an import error": ("raise ValueError('no luck')", "broken", ["cannot be imported", "no luck", ".py:1"]),
    "a syntax error": ("def f(:\n", "broken", ["SyntaxError", "line 1"]),
    "an exit at import": (
        "import sys\nsys.exit('bye')",
        "broken",
        ["stops the interpreter", "SystemExit: bye"],
    ),
    "a missing package": (
        "import no_such_module_here",
        "broken",
        ["needs the module 'no_such_module_here'", "pip install no_such_module_here"],
    ),
    "an error without text": (
        "class E(Exception):\n    def __str__(self):\n        raise TypeError\nraise E",
        "broken",
        ["cannot be imported: E"],
    ),
    "a misspelt hook": (
        HEAD + "@hookimpl\ndef priorbench_denoiser():\n    yield spec(name='x', factory='m:X')",
        "broken",
        ["unknown hook 'priorbench_denoiser'; did you mean 'priorbench_denoisers'?"],
    ),
    "a wrong signature": (
        HEAD
        + "@hookimpl\ndef priorbench_run_started(suite):\n    pass\n"
        + "@hookimpl\ndef priorbench_denoisers(registry):\n    return []",
        "broken",
        ["wrong signature", "priorbench_denoisers(registry)", "{'registry'}"],
    ),
    "a hook that raises": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    yield spec(name='x', factory='m:X')\n    {}['k']",
        "broken",
        ["hook 'priorbench_denoisers' raised KeyError: 'k'", "bad_plugin.py:6"],
    ),
    "a hook that exits": (
        HEAD + "@hookimpl\ndef priorbench_suites():\n    raise SystemExit(3)",
        "broken",
        ["hook 'priorbench_suites' raised SystemExit: 3"],
    ),
    "a record of another kind": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    yield NoiseSpec(name='x', factory='m:X')",
        "broken",
        ["hook 'priorbench_denoisers' gave the NoiseSpec 'x'; it must yield DenoiserSpec"],
    ),
    "a class for a record": (
        HEAD + "class X: pass\n@hookimpl\ndef priorbench_denoisers():\n    return [X]",
        "broken",
        ["gave the class X"],
    ),
    "a record that is not yielded": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    spec(name='x', factory='m:X')",
        "broken",
        ["returned nothing (None)", "must yield DenoiserSpec"],
    ),
    "a bare record": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    return spec(name='x', factory='m:X')",
        "broken",
        ["returned the DenoiserSpec 'x'", "must yield"],
    ),
    "an invalid name": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    yield spec(name='My Method', factory='m:X')",
        "broken",
        ["raised ValueError", "'My Method' is not valid", "bad_plugin.py:5"],
    ),
    "a field of the wrong type": (
        HEAD
        + "@hookimpl\ndef priorbench_denoisers():\n"
        + "    yield spec(name='x', factory='m:X', requires='bm3d')",
        "broken",
        ["requires must be tuple[str, ...], not 'bm3d': write ('bm3d',)"],
    ),
    "a field in another spelling": (
        HEAD
        + "@hookimpl\ndef priorbench_denoisers():\n    yield spec(name='x', factory='m:X', license='MIT')",
        "broken",
        ["unexpected keyword argument 'license'", "bad_plugin.py:5", "; did you mean 'licence'? Allowed: "],
    ),
    "a name given twice": (
        HEAD + "@hookimpl\ndef priorbench_denoisers():\n    return [spec(name='x', factory='m:X')] * 2",
        "broken",
        ["denoiser 'x' twice"],
    ),
    "a name that is taken": (
        HEAD
        + "@hookimpl\ndef priorbench_denoisers():\n    yield spec(name='new', factory='m:X')\n"
        + "    yield spec(name='good', factory='m:X')",
        "conflict",
        [
            "denoiser 'good' is already provided by plugin 'good_plugin' (a-good-plugin 2.5): give it",
            "leave one out: PRIORBENCH_BLOCK_PLUGINS=bad_plugin or =good_plugin",
        ],
    ),
    "a forgotten mark": (
        HEAD + "def priorbench_denoisers():\n    yield spec(name='x', factory='m:X')",
        "broken",
        ["'priorbench_denoisers' is not marked with @priorbench.hookimpl"],
    ),
    "no hook at all": ("x = 1", "broken", ["registers nothing"]),
    "a wrapper": (
        HEAD + "@hookimpl(wrapper=True)\ndef priorbench_denoisers():\n    return (yield)",
        "broken",
        ["must not wrap"],
    ),
}


def status_of(registry: Registry, name: str) -> PluginStatus:
    """Return the status of the one plugin of that name."""
    (found,) = [status for status in registry.plugins if status.name == name]
    return found


@pytest.fixture
def site(fake_site: Any) -> Any:
    """Give a folder in which one plugin works."""
    fake_site.add("a-good-plugin", {"good_plugin.py": GOOD}, version="2.5")
    return fake_site


def test_a_plugin_is_found_with_its_origin_and_records(site: Any) -> None:
    registry = load_registry(allow=["good_plugin"])
    status = status_of(registry, "good_plugin")
    assert (status.status, status.reason) == ("ok", "")
    assert (status.distribution, status.version, status.module) == ("a-good-plugin", "2.5", "good_plugin")
    assert status.provides == {"denoiser": ("good",)}
    assert registry.find("denoiser", "good").plugin is status
    assert "good_plugin.model" not in sys.modules


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_is_reported_and_the_rest_goes_on(site: Any, fault: str) -> None:
    source, expected, said = BROKEN[fault]
    site.add("bad-plugin", {"bad_plugin.py": source})
    registry = load_registry(allow=["good_plugin", "bad_plugin"])
    status = status_of(registry, "bad_plugin")
    assert status.status == expected
    assert "\n" not in status.reason
    for words in said:
        assert words in status.reason
    assert (status.distribution, status.version, status.provides) == ("bad-plugin", "1.0", {})
    assert [len(records) for records in registry.specs.values()] == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert registry.find("denoiser", "good").spec.name == "good"
    assert registry.manager is not None
    assert [plugin.__name__ for plugin in registry.manager.get_plugins()] == ["good_plugin"]


def test_all_broken_plugins_at_once_leave_the_good_one_alone(site: Any) -> None:
    names = []
    for number, (source, _, _) in enumerate(BROKEN.values()):
        names.append(f"broken_{number}")
        site.add(f"broken-{number}", {f"broken_{number}.py": source})
    registry = load_registry(allow=["good_plugin", *names])
    wrong = [status.name for status in registry.plugins if status.status in ("broken", "conflict")]
    assert sorted(wrong) == sorted(names)
    assert list(registry.all("denoiser")) == ["good"]


def test_an_interrupt_while_a_plugin_is_imported_passes(site: Any) -> None:
    source = (
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n"  # until it arrives
    )
    site.add("bad-plugin", {"bad_plugin.py": source})
    with pytest.raises(KeyboardInterrupt):
        load_registry(allow=["bad_plugin"])


def test_a_missing_module_is_told_from_a_missing_package(site: Any) -> None:
    site.add("bad-plugin", {}, {"bad": "not_there_at_all"})
    reason = status_of(load_registry(allow=["bad"]), "bad").reason
    assert reason == "there is no module 'not_there_at_all': reinstall the plugin"


def test_an_entry_point_that_makes_no_sense_is_reported(site: Any) -> None:
    site.add("bad-plugin", {}, {"bad": "not a module!"})
    assert (
        "must be written 'module' or 'module:object'" in status_of(load_registry(allow=["bad"]), "bad").reason
    )


def test_the_second_plugin_of_a_name_is_a_conflict(site: Any) -> None:
    other = GOOD.replace('"good"', '"other"')
    site.add("z-plugin", {"second.py": other}, {"good_plugin": "second"})
    first, second = (s for s in load_registry(allow=["good_plugin"]).plugins if s.name == "good_plugin")
    assert (first.status, first.distribution) == ("ok", "a-good-plugin")
    assert (second.status, second.distribution) == ("conflict", "z-plugin")
    assert second.reason == (
        "the plugin name is already taken by plugin 'good_plugin' (a-good-plugin 2.5): "
        f"uninstall {second.distribution} 1.0 or a-good-plugin"
    )


def test_our_own_plugins_come_first(site: Any) -> None:
    own = sorted(importlib.metadata.distribution("priorbench").entry_points.select(group="priorbench").names)
    site.add("aaa", {"usurper.py": GOOD}, {own[0]: "usurper"})
    statuses = [status for status in load_registry(allow=[own[0]]).plugins if status.status != "blocked"]
    assert [status.distribution for status in statuses] == ["priorbench", "aaa"]
    assert statuses[1].status == "conflict"


def test_two_names_for_one_module_are_a_conflict(site: Any) -> None:
    site.add("z-plugin", {}, {"again": "good_plugin"})
    status = status_of(load_registry(allow=["good_plugin", "again"]), "again")
    assert (status.status, status.reason) == (
        "conflict",
        "good_plugin is already loaded as plugin 'good_plugin'",
    )


def test_a_distribution_found_twice_counts_once(
    site: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = type(site)(folder=tmp_path / "behind")
    behind.folder.mkdir()
    behind.add("A_Good.Plugin", {}, {"good_plugin": "good_plugin"}, version="1.9")
    monkeypatch.setattr(sys, "path", [*sys.path, str(behind.folder)])
    assert status_of(load_registry(allow=["good_plugin"]), "good_plugin").version == "2.5"


def test_damaged_metadata_of_others_does_no_harm(site: Any) -> None:
    site.add("foreign", {}, announcement="this is no [section] at all\n\x00")
    (site.folder / "nameless-1.0.dist-info").mkdir()
    site.add("binary", {})
    (site.folder / "binary-1.0.dist-info" / "entry_points.txt").write_bytes(b"[priorbench]\n\xff\xfe = x\n")
    site.add("damaged", {}, announcement="[priorbench]\nno equals sign\n")
    registry = load_registry()
    assert registry.find("denoiser", "good")
    assert [status.distribution for status in registry.plugins if status.distribution == "foreign"] == []
    assert "entry_points.txt of damaged cannot be read" in status_of(registry, "damaged").reason


def test_a_blocked_plugin_is_not_imported(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIORBENCH_BLOCK_PLUGINS", " other , good_plugin,")
    registry = load_registry()
    status = status_of(registry, "good_plugin")
    assert (status.status, status.reason) == ("blocked", "left out by PRIORBENCH_BLOCK_PLUGINS")
    assert "good_plugin" not in sys.modules
    assert "good" not in registry.all("denoiser")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_an_empty_allow_list_loads_nothing(site: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PRIORBENCH_PLUGINS", text)
    registry = load_registry()
    assert {status.status for status in registry.plugins} == {"blocked"}
    assert not any(registry.specs.values())


def test_the_allow_list_of_the_environment_and_a_name_it_gets_wrong(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "good_plugin, good_plugim")
    registry = load_registry()
    assert list(registry.all("denoiser")) == ["good"]
    unknown = status_of(registry, "good_plugim")
    assert unknown.status == "unknown"
    assert "PRIORBENCH_PLUGINS names 'good_plugim'" in unknown.reason
    assert "did you mean 'good_plugin'?" in unknown.reason


def test_strict_mode_tells_of_every_broken_plugin(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("bad-plugin", {"bad_plugin.py": "raise ValueError('no luck')"})
    site.add("worse-plugin", {"worse_plugin.py": "x = 1"})
    names = ["good_plugin", "bad_plugin", "worse_plugin"]
    monkeypatch.setenv("PRIORBENCH_STRICT_PLUGINS", "1")
    with pytest.raises(PriorbenchError) as caught:
        load_registry(allow=names)
    assert "plugin 'bad_plugin' (bad-plugin 1.0) is broken: cannot be imported: ValueError" in str(
        caught.value
    )
    assert "plugin 'worse_plugin' (worse-plugin 1.0) is broken: registers nothing" in str(caught.value)
    assert load_registry(allow=["good_plugin"]).all("denoiser")
    assert load_registry(allow=names, strict=False).all("denoiser")
    monkeypatch.setenv("PRIORBENCH_STRICT_PLUGINS", "0")
    assert load_registry(allow=names).all("denoiser")


def test_what_a_plugin_prints_while_loading_goes_to_stderr(
    site: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy = GOOD.replace('"good"', '"noisy"').replace("    yield", "    print('in a hook')\n    yield")
    site.add("noisy-plugin", {"noisy_plugin.py": "print('at import')\n" + noisy})
    load_registry(allow=["noisy_plugin"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.split("\n")[:2] == ["at import", "in a hook"]


def test_a_missing_optional_package_leaves_the_method_listed(site: Any) -> None:
    source = GOOD.replace('"good"', '"picky"').replace(
        'summary="works"', 'requires=("no-such-thing",), install="pip install \'x[y]\'", licence="odd"'
    )
    site.add("picky-plugin", {"picky_plugin.py": source})
    registry = load_registry(allow=["picky_plugin"])
    assert status_of(registry, "picky_plugin").status == "ok"
    reason = missing_reason(registry.find("denoiser", "picky").spec)
    assert reason == "needs the package no-such-thing: pip install 'x[y]' (licence of 'picky': odd)"


def test_plugins_of_this_process_are_loaded_after_the_installed_ones(site: Any) -> None:
    module = types.ModuleType("mine")
    exec(GOOD.replace('"good"', '"mine"'), vars(module))
    thief = types.ModuleType("thief")
    exec(GOOD, vars(thief))
    registry = load_registry(allow=["good_plugin"], extra_modules=[module, thief])
    assert list(registry.all("denoiser")) == ["good", "mine"]
    assert [(s.name, s.status) for s in registry.plugins[-2:]] == [("mine", "ok"), ("thief", "conflict")]


def test_a_hook_for_other_versions_of_the_harness_may_be_marked_optional(site: Any) -> None:
    source = GOOD + "\n@hookimpl(optionalhook=True)\ndef priorbench_of_the_future(x):\n    pass\n"
    site.add("new-plugin", {"new_plugin.py": source.replace('"good"', '"new"')})
    assert status_of(load_registry(allow=["new_plugin"]), "new_plugin").status == "ok"


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        ("numpy", None),
        ("numpy>=1.0", None),
        ("numpy>=99", "needs the package numpy>=99: pip install 'numpy>=99'"),
        ("yaml", None),  # the module of the distribution PyYAML
        ("no-such-thing | numpy", None),
        ("no-such | nor-such", "needs the package no-such or nor-such: pip install no-such"),
    ],
)
def test_what_is_required_is_a_distribution_or_a_module_or_one_of_several(requires, reason):
    assert missing_reason(DenoiserSpec(name="x", factory="m:X", requires=(requires,))) == reason
