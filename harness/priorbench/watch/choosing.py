"""Which methods are compared, and which came, went or broke as a whole; nothing is silently left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError, suggestion
from priorbench.suite.notation import ChoiceError, parse_text
from priorbench.watch.changes import Change, Outcome
from priorbench.watch.places import has_module, inside
from priorbench.watch.sides import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What has to be measured, and what is known without.

    Attributes
    ----------
    methods : Mapping[str, str]
        denoiser as it was asked for -> its name; on both sides.
    codes : Mapping[str, tuple[str, str]]
        name -> digest of its code in the base and in the head.
    changes : tuple of Change
        of all others.
    """

    methods: Mapping[str, str]
    codes: Mapping[str, tuple[str, str]]
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """What one side has of its own.

    Attributes
    ----------
    methods : Mapping[str, Mapping[str, Any]]
        name -> what `priorbench.watch.survey` says of it.
    broken : Mapping[str, str], optional
        plugin that cannot be loaded -> why.
    elsewhere : Mapping[str, PriorbenchError], optional
        method of the repository's distribution whose file this side has not -> why it cannot be compared.
    """

    methods: Mapping[str, Mapping[str, Any]]
    broken: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, PriorbenchError] = field(default_factory=dict)


def choose(asked: Sequence[str], base: Stock, head: Stock) -> Chosen:
    """Choose the methods that are `asked` for, ``NAME`` or ``NAME:key=value``; all if there are none.

    Raises
    ------
    PriorbenchError
        Where a name is none of the repository's, there is none at all, or one is imported from elsewhere.
    """
    known = base.methods.keys() | head.methods.keys()
    broken = base.broken.keys() | head.broken.keys()
    for name, error in {**base.elsewhere, **head.elsewhere}.items():
        if name not in known:
            raise error
    if not known and not broken:
        raise PriorbenchError(
            "no denoiser of this repository is registered, and watch compares denoisers only: install its "
            "plugin with 'pip install -e .', or name its file with --plugin FILE.py"
        )
    wanted = {text: _name(text, known) for text in dict.fromkeys(asked)} or {
        name: name for name in sorted(known)
    }
    told = {text: _whole(text, name, base, head) for text, name in wanted.items()}
    both = {text: name for text, name in wanted.items() if told[text] is None}
    same = {name for name in both.values() if _same(base.methods[name], head.methods[name])}
    return Chosen(
        methods={text: name for text, name in both.items() if asked or name not in same},
        codes={name: (base.methods[name]["code"], head.methods[name]["code"]) for name in both.values()},
        changes=(
            *(change for change in told.values() if change is not None),
            *(Change(outcome=Outcome.UNCHANGED, method=text) for text, name in both.items() if name in same),
            *([] if asked else _plugins(base, head)),
        ),
    )


def stock(side: Side, survey: Mapping[str, Any], own_names: Sequence[str], root: Path) -> Stock:
    """Return what a side has of its own.

    Parameters
    ----------
    side : Side
        the side.
    survey : Mapping[str, Any]
        what it has at all.
    own_names : Sequence[str]
        names of the distributions that the repository makes.
    root : Path
        of the repository.

    Raises
    ------
    PriorbenchError
        Where a method's file is there, and another one is imported.
    """
    methods, elsewhere = {}, {}
    for method in survey["methods"]:
        if inside(Path(method["file"]), side.folder):
            if method["strays"]:
                raise _stray(side, method["name"], method["strays"][0])
            methods[method["name"]] = method
        elif has_module(side.roots, method["module"]) or _has_file(side, Path(method["file"]), root):
            raise _stray(side, method["name"], method["file"] or "nowhere")
        elif method["distribution"] in own_names:
            elsewhere[method["name"]] = _stray(side, method["name"], method["file"] or "nowhere")
    plugins = (
        plugin
        for plugin in survey["plugins"]
        if has_module(side.roots, plugin["module"]) or inside(Path(plugin["file"]), side.folder)
    )
    broken = {plugin["name"]: side.within(plugin["reason"]) for plugin in plugins}
    return Stock(methods=methods, broken=broken, elsewhere=elsewhere)


def _has_file(side: Side, file: Path, root: Path) -> bool:
    """Say whether a side has its own version of a file of the repository."""
    return inside(file, root) and (side.folder / file.relative_to(root)).is_file()


def _stray(side: Side, name: str, file: str) -> PriorbenchError:
    return PriorbenchError(
        f"denoiser '{name}': {side.shown} would not be run from its own files, but from {file}: "
        "install the plugin with 'pip install -e .'"
    )


def _name(text: str, known: frozenset[str] | set[str]) -> str:
    try:
        name = parse_text(text).name
    except ChoiceError as error:
        name = text.partition(":")[0].strip()
        if name in known:
            raise PriorbenchError(f"{DenoiserSpec.option} '{text}': {error}") from None
    if name not in known:
        hint = suggestion(name, known)
        raise PriorbenchError(
            f"{DenoiserSpec.option} '{text}': this repository has no denoiser '{name}'{hint}"
        )
    return name


def _whole(text: str, name: str, base: Stock, head: Stock) -> Change | None:
    """Say what became of a method that only one side has, or that cannot be used; else None."""
    was, now = base.methods.get(name), head.methods.get(name)
    if was is None and now is not None:
        reason = base.broken.get(now["plugin"])
        if reason is None:
            return Change(outcome=Outcome.CAME, method=text)
        return _unmeasured(text, f"its plugin cannot be loaded in the base: {reason}")
    if was is not None and now is None:
        reason = head.broken.get(was["plugin"])
        if reason is None:
            return Change(outcome=Outcome.WENT, method=text)
        why = f"its plugin cannot be loaded now: {reason}"
        return Change(outcome=Outcome.WORSE, method=text, what="broken", text=why)
    assert was is not None
    assert now is not None
    if now["missing"] or was["missing"]:
        return _unmeasured(text, f"it {now['missing'] or was['missing']}")
    return None


def _plugins(base: Stock, head: Stock) -> list[Change]:
    """Tell of the broken plugins that no method tells of."""
    told = {method["plugin"] for stock in (base, head) for method in stock.methods.values()}
    broken = {**base.broken, **head.broken}
    return [
        _unmeasured(f"plugin {name}", f"it cannot be loaded {_where(name, base, head)}: {reason}")
        for name, reason in broken.items()
        if name not in told
    ]


def _where(name: str, base: Stock, head: Stock) -> str:
    if name in base.broken and name in head.broken:
        return "on either side"
    return "now" if name in head.broken else "in the base"


def _same(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return bool(was["code"]) and (was["code"], was["spec"]) == (now["code"], now["spec"])


def _unmeasured(method: str, text: str) -> Change:
    return Change(outcome=Outcome.UNMEASURED, method=method, text=text)
