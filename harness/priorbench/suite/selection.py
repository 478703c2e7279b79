"""One name with parameters, outside a suite: checked, completed, turned into an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from priorbench.contract.specs import Spec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import build, resolve
from priorbench.suite.model import Choice
from priorbench.suite.notation import ChoiceError, label_of, parse_setting, parse_text


def choose(registry: Registry, kind: str, text: str, settings: Sequence[str] = ()) -> Choice:
    """Return the checked choice of a command-line text.

    Parameters
    ----------
    registry : what is installed.
    kind : key of `priorbench.loading.registry.KINDS`.
    text : for example ``"gaussian:sigma=15/255"``.
    settings : further parameters, each ``"key=value"``.

    Raises
    ------
    PriorbenchError
        For a text that cannot be read, an unknown name, an unusable thing, or bad parameters (all at once).
    """
    try:
        raw = parse_text(text)
        more = dict(parse_setting(setting) for setting in settings)
    except ChoiceError as error:
        raise PriorbenchError(f"{kind} '{text}': {error}") from None
    spec = registry.find(kind, raw.name).spec
    assert isinstance(spec, Spec)
    parameters = resolve(spec, import_factory(spec), {**raw.parameters, **more})
    return Choice(name=raw.name, label=label_of(raw, spec), parameters=parameters)


def instantiate(registry: Registry, kind: str, choice: Choice) -> Any:
    """Return a new object of what was chosen."""
    spec = registry.find(kind, choice.name).spec
    assert isinstance(spec, Spec)
    return build(import_factory(spec), choice.parameters)
