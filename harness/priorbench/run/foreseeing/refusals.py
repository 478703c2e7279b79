"""Which methods and stopping rules a run will refuse, told before it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from priorbench.contract.choice import Choice
from priorbench.contract.noise import NoiseDescriptor, NoiseModel
from priorbench.contract.specs import DenoiserSpec, NoiseSpec, Spec, StoppingRuleSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import build
from priorbench.protocol.refusal import refusal, rule_refusal
from priorbench.suite.model import Suite
from priorbench.words import kind_of, plural

AnySpec = TypeVar("AnySpec", bound=Spec)
Shape = tuple[int, int, int]
Shapes = Mapping[str, Sequence[Shape]]

#: height and width of a picture that is as good as any
_SIDE = 16


@dataclass(frozen=True, slots=True)
class _Refused:
    """Trials that a method refuses for one reason: under which noises, and which pictures."""

    reason: str
    noises: dict[str, None] = field(default_factory=dict)
    pictures: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expecting:
    """Foresees what is refused.

    What a noise tells is asked with a flat grey picture; what hangs on its pixels is not foreseen.

    Attributes
    ----------
    suite, registry : Suite or Registry
        what is to be run.
    device : callable
        where a method runs.
    elsewhere : bool, default False
        other machines run the methods: nothing is known of their processors.
    """

    suite: Suite
    registry: Registry
    device: Callable[[Choice], str]
    elsewhere: bool = False

    def of_methods(self, shapes: Shapes) -> Iterator[str]:
        """Yield one line for each method and reason for which it will be refused.

        Parameters
        ----------
        shapes : Mapping[str, Sequence[(int, int, int)]]
            (channels, height, width) of pictures of each set; without any, only what hangs on none is said.
        """
        found: dict[tuple[str, str], _Refused] = {}
        for noise, descriptor, operator in self._problems():
            for method in self.suite.denoisers:
                for picture, shape in self._pictures(method, shapes):
                    reason = self._refusal(method, shape, descriptor, operator)
                    if reason:
                        own = found.setdefault((method.label, kind_of(reason)), _Refused(reason))
                        own.noises[noise.label] = None
                        own.pictures.add(picture)
        for (label, _), refused in found.items():
            where = _where(refused, shapes)
            yield f"method '{label}' will be refused for {', '.join(refused.noises)}{where}: {refused.reason}"

    def of_rules(self, iterative: Sequence[Choice]) -> Iterator[str]:
        """Yield one line for each stopping rule that will be refused under a noise, and why.

        Parameters
        ----------
        iterative : sequence of Choice
            the suite's methods that stopping rules apply to.
        """
        told: set[str] = set()
        for noise, descriptor, operator in self._problems():
            methods = [one for one in iterative if not self._refused(one, descriptor, operator)]
            for rule in self.suite.stopping:
                spec = self._spec(StoppingRuleSpec, rule)
                refused: dict[str, list[str]] = {}
                for method in methods:
                    reason = rule_refusal(spec, self._spec(DenoiserSpec, method), descriptor, operator)
                    if reason:
                        refused.setdefault(reason, []).append(method.label)
                for reason, labels in refused.items():
                    of = "" if len(labels) == len(iterative) else f" of {', '.join(labels)}"
                    line = f"stopping rule '{rule.label}'{of} will be refused for {noise.label}: {reason}"
                    if line not in told:
                        told.add(line)
                        yield line

    def _problems(self) -> Iterator[tuple[Choice, NoiseDescriptor, Choice]]:
        """Yield each noise of which it can be said what it tells, with that, and each operator."""
        for noise in self.suite.noises:
            descriptor = self._described(noise)
            if descriptor is not None:
                for operator in self.suite.operators:
                    yield noise, descriptor, operator

    def _pictures(self, method: Choice, shapes: Shapes) -> Iterator[tuple[tuple[str, int], Shape]]:
        """Yield set, number and shape of pictures; without any, a shape that the method takes."""
        for label, own in shapes.items():
            for number, shape in enumerate(own):
                yield (label, number), shape
        if not shapes:
            yield ("", 0), self._taken(method)

    def _taken(self, method: Choice) -> Shape:
        spec = self._spec(DenoiserSpec, method)
        side = max(spec.min_size, _SIDE)
        return next(iter(spec.channels)), side, side

    def _refused(self, method: Choice, noise: NoiseDescriptor, operator: Choice) -> bool:
        return self._refusal(method, self._taken(method), noise, operator) is not None

    def _refusal(self, method: Choice, shape: Shape, noise: NoiseDescriptor, operator: Choice) -> str | None:
        asked = {} if self.elsewhere else method.parameters
        return refusal(self._spec(DenoiserSpec, method), shape, self.device(method), noise, operator, asked)

    def _described(self, noise: Choice) -> NoiseDescriptor | None:
        """Return what a noise tells of itself on a grey picture; None where that cannot be said before."""
        spec = self._spec(NoiseSpec, noise)
        if spec.given:
            return None
        try:
            model: NoiseModel = build(import_factory(spec), noise.parameters)
            return model.describe(np.full((3, _SIDE, _SIDE), 0.5))
        except (PriorbenchError, ValueError):  # the run says so
            return None

    def _spec(self, kind: type[AnySpec], choice: Choice) -> AnySpec:
        spec = self.registry.find(kind.kind, choice.name).spec
        assert isinstance(spec, kind)
        return spec


def _where(refused: _Refused, shapes: Shapes) -> str:
    """Say of which pictures a reason is, if not of all."""
    every = {label: len(own) for label, own in shapes.items()}
    counts = {label: sum(own == label for own, _ in refused.pictures) for label in every}
    if counts == every:
        return ""
    told = [
        f"{count} of {plural(every[label], 'picture')} of {label}" for label, count in counts.items() if count
    ]
    return f", {', '.join(told)}"
