"""Which methods are compared: those of the repository, from its own files, on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from priorbench.errors import PriorbenchError
from priorbench.watch.changes import Outcome
from priorbench.watch.choosing import Stock, choose, stock
from priorbench.watch.sides import Side

ROOT = Path("/repository")


def entry(name: str, code: str = "1", **more: Any) -> dict[str, Any]:
    """Return what a survey says of a method."""
    described = {"plugin": "p", "distribution": "d", "module": f"{name}_things", "file": "", "spec": "s"}
    return {"name": name, "code": code, "missing": "", "strays": [], **described, **more}


def stocked(*methods: dict[str, Any], broken: dict[str, str] | None = None) -> Stock:
    return Stock(methods={method["name"]: method for method in methods}, broken=broken or {})


def told(asked: tuple[str, ...], base: Stock, head: Stock) -> list[tuple[str, str]]:
    return [(change.outcome.value, change.method) for change in choose(asked, base, head).changes]


def test_unchanged_methods_are_told_and_measured_only_if_asked_for() -> None:
    base, head = stocked(entry("a"), entry("b")), stocked(entry("a"), entry("b", code="2"))
    assert told((), base, head) == [("unchanged", "a")]
    assert choose((), base, head).methods == {"b": "b"}
    assert choose(("a:x=1", "a"), base, head).methods == {"a:x=1": "a", "a": "a"}
    assert choose(("b",), base, head).codes == {"b": ("1", "2")}


def test_another_factory_in_the_same_file_is_a_change() -> None:
    assert choose((), stocked(entry("a")), stocked(entry("a", spec="other"))).methods == {"a": "a"}


def test_methods_that_came_and_went_are_told_and_a_new_name_is_both() -> None:
    base, head = stocked(entry("old"), entry("kept")), stocked(entry("new"), entry("kept"))
    assert told((), base, head) == [("came", "new"), ("went", "old"), ("unchanged", "kept")]


def test_a_plugin_that_cannot_be_loaded_now_breaks_its_methods() -> None:
    [change] = choose((), stocked(entry("a")), stocked(broken={"p": "no module x"})).changes
    assert (change.outcome, change.method, change.what) == (Outcome.WORSE, "a", "broken")
    assert "no module x" in change.text


def test_a_plugin_that_could_not_be_loaded_leaves_its_methods_unmeasured() -> None:
    base, head = stocked(broken={"p": "no module x"}), stocked(entry("a"))
    assert told((), base, head) == [("not measured", "a")]
    assert told((), base, base) == [("not measured", "plugin p")]


def test_a_method_whose_package_is_missing_is_not_measured() -> None:
    missing = entry("a", code="2", missing="needs the package x")
    [change] = choose((), stocked(entry("a")), stocked(missing)).changes
    assert (change.outcome, change.text) == (Outcome.UNMEASURED, "it needs the package x")


def test_a_name_that_the_repository_has_not_is_refused() -> None:
    with pytest.raises(PriorbenchError, match="no denoiser 'wienr'; did you mean 'wiener'"):
        choose(("wienr",), stocked(entry("wiener")), stocked())


@pytest.mark.parametrize("text", ["wienr:radius", "my_wiener:Wiener"])
def test_a_name_that_the_repository_has_not_is_told_although_its_parameters_cannot_be_read(
    text: str,
) -> None:
    with pytest.raises(PriorbenchError, match=r"no denoiser '.*'.* Allowed: wiener"):
        choose((text,), stocked(entry("wiener")), stocked())
    with pytest.raises(PriorbenchError, match="not written key=value"):
        choose(("wiener:radius",), stocked(entry("wiener")), stocked())


def test_a_repository_without_methods_is_refused() -> None:
    with pytest.raises(PriorbenchError, match="no denoiser of this repository is registered"):
        choose((), stocked(), stocked())


def side(folder: Path) -> Side:
    return Side(word="base", shown="v1", folder=folder, roots=(folder,), environment={})


def test_a_side_has_the_methods_whose_files_are_its_own(tmp_path: Path) -> None:
    own = entry("own", file=str(tmp_path / "own_things.py"))
    foreign = entry("foreign", file="/elsewhere/foreign_things.py")
    installed = entry("installed", file=str(tmp_path / ".venv/lib/site-packages/installed_things.py"))
    survey = {"methods": [own, foreign, installed], "plugins": []}
    assert list(stock(side(tmp_path), survey, [], ROOT).methods) == ["own"]


def test_a_side_that_has_the_file_and_imports_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a_things.py").touch()
    survey = {"methods": [entry("a", file="/elsewhere/a_things.py")], "plugins": []}
    with pytest.raises(PriorbenchError, match=r"v1 would not be run from its own files, .*/elsewhere/a"):
        stock(side(tmp_path), survey, [], ROOT)


def test_a_side_that_imports_its_file_of_the_working_tree_is_refused_wherever_that_lies(
    tmp_path: Path,
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "a_things.py").touch()
    survey = {"methods": [entry("a", file="/repository/odd/a_things.py")], "plugins": []}
    with pytest.raises(PriorbenchError, match=r"/repository/odd/a_things\.py"):
        stock(side(tmp_path), survey, [], ROOT)


def test_a_side_that_imports_a_part_from_the_working_tree_is_refused(tmp_path: Path) -> None:
    mixed = entry("a", file=str(tmp_path / "a_things.py"), strays=["/repository/helpers.py"])
    with pytest.raises(PriorbenchError, match=r"/repository/helpers\.py"):
        stock(side(tmp_path), {"methods": [mixed], "plugins": []}, [], ROOT)


def test_the_repository_s_own_distribution_imported_from_elsewhere_is_refused(tmp_path: Path) -> None:
    survey = {"methods": [entry("a", file="/elsewhere/a_things.py")], "plugins": []}
    away = stock(side(tmp_path), survey, ["d"], ROOT)
    with pytest.raises(PriorbenchError, match="/elsewhere/a"):
        choose((), away, away)
    # a side that has not got it yet, beside one that has
    assert told((), away, stocked(entry("a"))) == [("came", "a")]


def test_broken_plugins_of_others_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "own.py").touch()
    plugins = [{"name": name, "module": name, "file": "", "reason": "r"} for name in ("own", "foreign")]
    assert stock(side(tmp_path), {"methods": [], "plugins": plugins}, [], ROOT).broken == {"own": "r"}
