"""A factory's signature is the whole declaration of its parameters."""

# ruff: noqa: E501  (messages are compared whole)

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BeforeValidator, Field

from priorbench.contract.specs import DenoiserSpec
from priorbench.parameters.signatures import DeclarationError
from priorbench.parameters.values import ParameterProblems, build, parameters_of, resolve

if TYPE_CHECKING:
    from decimal import Decimal


def _fraction(value: Any) -> Any:
    if isinstance(value, str):
        numerator, _, denominator = value.partition("/")
        return float(numerator) / float(denominator or 1)
    return value


Level = Annotated[float, BeforeValidator(_fraction)]


class Decoder:
    """A generator.

    Parameters
    ----------
    channels : int
        Width of every layer, k in the paper. The published value is 128.
    rate : learning rate, e.g. 0.01,
        divided by ten at the end. Not less than 0.
    optimiser : 'adam' or 'sgd', default 'adam'
        Which optimiser.
    clip, affine : bool, optional
        A switch.
    strides : float between friends

    Notes
    -----
    layers : is not a parameter's description
    """

    def __init__(
        self,
        *,
        channels: int = 128,
        rate: Level = 0.01,
        optimiser: Literal["adam", "sgd"] = "adam",
        crop: int | None = None,
        clip: bool = False,
        affine: bool = True,
        strides: tuple[int, ...] = (2, 2),
        layers: Annotated[int, Field(ge=1)] = 5,
        name: str = "net",
    ) -> None:
        self.given = (channels, rate, optimiser, crop, clip, affine, strides, layers, name)


def gaussian(*, sigma: Level = 25 / 255, channels: Literal["independent", "equal"] = "equal") -> Decimal:
    """Make something whose type is known to type checkers only."""
    return (sigma, channels)  # type: ignore[return-value]


def spec(**changes: Any) -> DenoiserSpec:
    return DenoiserSpec(name="decoder", factory="somewhere:Decoder", **changes)


def messages(factory: Any, given: dict[str, Any]) -> list[str]:
    with pytest.raises(ParameterProblems) as caught:
        resolve(spec(), factory, given)
    return [message for _, message in caught.value.problems]


def test_parameters_are_listed_with_readable_types_defaults_and_first_sentences() -> None:
    listed = {
        each.name: (each.type, each.default, each.summary)
        for each in parameters_of(spec(preset={"channels": 32, "strides": (1,)}), Decoder)
    }
    assert listed == {
        "channels": ("int", 32, "Width of every layer, k in the paper"),
        "rate": ("float", 0.01, "learning rate, e.g. 0.01, divided by ten at the end"),
        "optimiser": ("'adam' | 'sgd'", "adam", "Which optimiser"),
        "crop": ("int | None", None, ""),
        "clip": ("bool", False, "A switch"),
        "affine": ("bool", True, "A switch"),
        "strides": ("tuple[int, ...]", [1], "float between friends"),
        "layers": ("int", 5, ""),
        "name": ("str", "net", ""),
    }


def test_values_given_win_over_the_preset_and_the_preset_over_defaults() -> None:
    values = resolve(
        spec(preset={"channels": 32, "layers": 6}),
        Decoder,
        {"channels": 64, "rate": "15/255", "strides": [4]},
    )
    assert values == {
        "channels": 64,
        "rate": 15 / 255,
        "optimiser": "adam",
        "crop": None,
        "clip": False,
        "affine": True,
        "strides": [4],
        "layers": 6,
        "name": "net",
    }
    assert list(values)[:3] == ["channels", "rate", "optimiser"]


def test_build_gives_the_factory_python_values_after_a_round_trip_through_json() -> None:
    stored = json.loads(json.dumps(resolve(spec(), Decoder, {"strides": [1, 2, 3], "rate": 1, "crop": 8})))
    assert build(Decoder, stored).given == (128, 1.0, "adam", 8, False, True, (1, 2, 3), 5, "net")
    assert isinstance(build(Decoder, stored).given[1], float)


def test_a_function_is_a_factory_and_its_return_type_need_not_be_importable() -> None:
    assert build(gaussian, resolve(spec(), gaussian, {"sigma": "51/255"})) == (0.2, "equal")


def test_resolving_again_changes_nothing() -> None:
    once = resolve(spec(), Decoder, {"rate": "15/255", "strides": [3, 1], "crop": 7})
    assert resolve(spec(), Decoder, once) == once


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"channels": "3000"}, """'channels' must be int, not "3000\""""),
        ({"channels": True}, "'channels' must be int, not true"),
        ({"channels": 3000.0}, "'channels' must be int, not 3000.0 (write 3000)"),
        ({"channels": 0.5}, "'channels' must be int, not 0.5"),
        ({"channels": None}, "'channels' must be int, not null"),
        ({"channels": [1]}, "'channels' must be int, not [1]"),
        ({"crop": True}, "'crop' must be int | None, not true"),
        ({"clip": 1}, "'clip' must be bool, not 1"),
        ({"clip": "yes"}, """'clip' must be bool, not "yes\""""),
        ({"rate": True}, "'rate' must be float, not true"),
        ({"rate": "abc"}, "'rate': could not convert string to float: 'abc'"),
        ({"rate": "1/0"}, """'rate': "1/0": ZeroDivisionError: float division by zero"""),
        ({"rate": math.inf}, "'rate' must be finite, not Infinity"),
        ({"rate": "inf"}, """'rate' must be finite, not "inf\""""),
        ({"rate": math.nan}, "'rate' must be finite, not NaN"),
        ({"optimiser": "adm"}, "'optimiser' cannot be 'adm'; did you mean 'adam'? Allowed: adam, sgd"),
        ({"optimiser": "SGD"}, "'optimiser' cannot be 'SGD'; did you mean 'sgd'? Allowed: adam, sgd"),
        ({"optimiser": 3}, "'optimiser' must be 'adam' | 'sgd', not 3"),
        ({"strides": 3}, "'strides' must be tuple[int, ...], not 3"),
        ({"strides": [1, True]}, "'strides' must be tuple[int, ...], not [1, true]"),
        ({"layers": 0}, "'layers': it should be greater than or equal to 1, not 0"),
        ({"name": 2012}, """'name' must be str, not 2012 (text that looks like something else is written in quotes: "2012")"""),
        ({"name": object}, "'name' must be numbers, text, true, false, null or lists"),
        ({"name": "\udcff"}, "'name' must be text in UTF-8"),
        (
            {"chanels": 3},
            "unknown parameter 'chanels'; did you mean 'channels'? Allowed: affine, channels, clip, crop, "
            "layers, name, optimiser, rate, strides",
        ),
        ({"x" * 9: 3}, None),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_a_reason(given: dict[str, Any], message: str | None) -> None:
    if message is None:
        message = (
            "unknown parameter 'xxxxxxxxx'. Allowed: affine, channels, clip, crop, layers, name, optimiser, "
            "rate, strides"
        )
    assert messages(Decoder, given) == [message]


def test_all_problems_come_at_once_with_the_name_of_their_parameter() -> None:
    with pytest.raises(ParameterProblems) as caught:
        resolve(spec(), Decoder, {"layer": 3, "clip": "no", "channels": 12, "rate": None})
    assert [name for name, _ in caught.value.problems] == ["layer", "rate", "clip"]
    assert str(caught.value).splitlines()[1] == "denoiser 'decoder': 'rate' must be float, not null"


def test_a_literal_of_numbers_does_not_take_true_for_one() -> None:
    def factory(*, order: Literal[0, 1] = 0) -> int:
        return order

    assert messages(factory, {"order": True}) == ["'order' must be 0 | 1, not true"]
    assert resolve(spec(), factory, {"order": 1}) == {"order": 1}


def test_a_factory_without_parameters_says_so() -> None:
    class Plain:
        pass

    assert resolve(spec(), Plain, {}) == {}
    assert messages(Plain, {"sigma": 1}) == ["unknown parameter 'sigma'. Allowed: (none)"]


def test_a_dataclass_and_an_inherited_signature_are_factories() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Rule:
        """A rule.

        Attributes
        ----------
        patience : iterations without gain.
        """

        patience: int = 10

    class Child(Decoder):
        pass

    assert [(each.name, each.summary) for each in parameters_of(spec(), Rule)] == [
        ("patience", "iterations without gain")
    ]
    assert resolve(spec(), Child, {"crop": 3})["crop"] == 3


def test_build_refuses_what_resolve_would_refuse() -> None:
    with pytest.raises(ParameterProblems, match="unknown parameter 'widht'"):
        build(Decoder, {"widht": 1, "channels": "many"})


def _untyped(*, a=1, b: int, c: float = 0.1):  # type: ignore[no-untyped-def]
    return a


def _catch_all(*, a: int = 1, **rest: int) -> int:
    return a


def _reserved(*, label: str = "x", grid: int = 1) -> str:
    return label


def _unresolved(*, a: Decimal = 1) -> int:  # type: ignore[assignment]
    return 1


def _bad_default(*, rate: float = "fast") -> int:  # type: ignore[assignment]
    return 1


def _infinite_default(*, rate: float = math.inf) -> int:
    return 1


def _restless(*, sigma: Annotated[float, BeforeValidator(lambda value: value / 255)] = 25.0) -> float:
    return sigma


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        (_untyped, "'a' has no type annotation; 'b' has no default. The plugin must be mended"),
        (_catch_all, "'rest' cannot be checked: name every parameter instead of *args or **kwargs"),
        (
            _reserved,
            "'label' is a word of the suite syntax: give the parameter another name; 'grid' is a word",
        ),
        (_unresolved, "a type annotation cannot be resolved: NameError: name 'Decimal' is not defined"),
        (_bad_default, """the default of a parameter is not valid: 'rate' must be float, not "fast\""""),
        (_infinite_default, "'rate' must be finite, not Infinity"),
        (
            _restless,
            "the validator of 'sigma' turns 25.0 into 0.09803921568627451, and that into something else",
        ),
        (3, "has no readable signature: 3 is not a callable object"),
    ],
)
def test_a_plugin_that_declares_its_parameters_badly_is_told_so(factory: Any, reason: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        resolve(spec(), factory, {})
    assert str(caught.value).startswith("denoiser 'decoder': ")
    assert reason in str(caught.value)


def test_a_preset_is_checked_like_a_default() -> None:
    with pytest.raises(
        DeclarationError, match="preset: unknown parameter 'chanels'; did you mean 'channels'"
    ):
        parameters_of(spec(preset={"chanels": 3}), Decoder)
    with pytest.raises(DeclarationError, match="'channels' must be int, not true"):
        parameters_of(spec(preset={"channels": True}), Decoder)
