"""What a factory's signature declares: names, annotations and defaults, and how to say them to people."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import TypeAdapter

from priorbench.errors import PriorbenchError

#: Words of the suite syntax: no parameter can have these names.
RESERVED = ("label", "grid")


class DeclarationError(PriorbenchError):
    """A factory's signature does not declare its parameters as it must: the plugin has to be mended."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One keyword argument of a factory.

    Attributes
    ----------
    name : str
        its name.
    annotation : Any
        its type, resolved, with the extras of ``Annotated``.
    default : Any
        its default in the signature.
    """

    name: str
    annotation: Any
    default: Any

    @functools.cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The check of a value against the annotation, made once: that takes longer than using it."""
        return TypeAdapter(self.annotation)


def declared_parameters(factory: Any, supplied: frozenset[str] = frozenset()) -> Mapping[str, Declared]:
    """Return name -> declaration, in the signature's order, for a class or a function.

    Parameters
    ----------
    factory : Any
        a class or a function.
    supplied : frozenset of str, optional
        keyword arguments that are no parameters: the harness gives them.

    Raises
    ------
    DeclarationError
        Where an argument lacks an annotation or a default, cannot be given by keyword, takes a reserved
        name, or has an annotation that cannot be resolved.
    """
    return _read_once(factory, supplied) if isinstance(factory, Hashable) else _read(factory, supplied)


def _read(factory: Any, supplied: frozenset[str]) -> Mapping[str, Declared]:
    where = f"{getattr(factory, '__module__', '?')}:{getattr(factory, '__qualname__', repr(factory))}"
    try:
        arguments: Mapping[str, inspect.Parameter] = inspect.signature(factory).parameters
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"{where} has no readable signature: {error}") from error
    arguments = {name: argument for name, argument in arguments.items() if name not in supplied}
    faults = [f"'{argument.name}' {fault}" for argument in arguments.values() if (fault := _fault(argument))]
    if faults:
        raise DeclarationError(f"{where}: {'; '.join(faults)}. The plugin must be mended")
    hints = _hints(factory, tuple(arguments), where)
    declared = {
        name: Declared(name=name, annotation=hints[name], default=argument.default)
        for name, argument in arguments.items()
    }
    return types.MappingProxyType(declared)


_read_once = functools.lru_cache(maxsize=512)(_read)


def readable_type(annotation: Any) -> str:
    """Return an annotation as a person would write it: ``int``, ``'adam' | 'sgd'``, ``float | None``."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is types.NoneType:
        return "None"
    if annotation is Any:
        return "any value"
    if annotation is ...:
        return "..."
    if origin is Annotated:
        return readable_type(arguments[0])
    if origin is Literal:
        return " | ".join(repr(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(readable_type(argument) for argument in arguments)
    name = getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(readable_type(argument) for argument in arguments)}]" if arguments else name


def literal_choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values that the ``Literal`` parts of an annotation allow."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Literal:
        return arguments
    if typing.get_origin(annotation) is Annotated:
        return literal_choices(arguments[0])
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(value for argument in arguments for value in literal_choices(argument))
    return ()


def _fault(argument: inspect.Parameter) -> str:
    if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
        return "cannot be checked: name every parameter instead of *args or **kwargs"
    if argument.kind is argument.POSITIONAL_ONLY:
        return "is positional only: parameters are keyword arguments"
    if argument.name in RESERVED:
        return "is a word of the suite syntax: give the parameter another name"
    lacks = []
    if argument.annotation is argument.empty:
        lacks.append("type annotation")
    if argument.default is argument.empty:
        lacks.append("default")
    return f"has no {' and no '.join(lacks)}" if lacks else ""


def _hints(factory: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    """Resolve the arguments' annotations only: what is returned may be named for type checkers alone."""
    function = _function(factory)
    written = {name: hint for name, hint in getattr(function, "__annotations__", {}).items() if name in names}
    stand_in = types.SimpleNamespace(__annotations__=written)
    try:
        hints = typing.get_type_hints(
            stand_in, globalns=getattr(function, "__globals__", {}), include_extras=True
        )
    except Exception as error:
        raise DeclarationError(
            f"{where}: a type annotation cannot be resolved: {type(error).__name__}: {error}. "
            "Names in annotations of parameters must be importable at run time. The plugin must be mended"
        ) from error
    if unresolved := [name for name in names if name not in hints]:
        raise DeclarationError(f"{where}: the types of {', '.join(unresolved)} cannot be found")
    return hints


def _function(factory: Any) -> Any:
    """Return the plain function whose signature a class or a decorated function shows."""
    if not inspect.isclass(factory):
        return inspect.unwrap(factory)
    makers = [inspect.unwrap(getattr(factory, name)) for name in ("__init__", "__new__")]
    return next((maker for maker in makers if inspect.isfunction(maker)), makers[0])
