"""The fits of a trial: the companions that stopping rules ask for, then the one that all rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from priorbench.contract.averages import STOP_NOW, Average, average_of, own_parameters
from priorbench.contract.specs import StoppingRuleSpec
from priorbench.contract.stopping import Companion
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.disturbance import conditions, disturbance
from priorbench.parameters.values import build
from priorbench.player.work import Finished, Player, Work
from priorbench.protocol.exchange import Outcome
from priorbench.protocol.failure import TrialFailedError, classify
from priorbench.protocol.looks.watcher import Rule, RuleError
from priorbench.protocol.measure import measure_iterative, measure_one_shot
from priorbench.protocol.problems import NoisyProblem
from priorbench.protocol.refusal import RefusedError
from priorbench.protocol.scoring import CurveScorer
from priorbench.protocol.watching import Watched

#: failures of a companion that leave the process of the method as it was
_HARMLESS = ("error", "invalid-output", "out-of-memory")


@dataclass(frozen=True, kw_only=True, slots=True)
class Posed:
    """A trial, its problem, why some of its rules are refused, and who scores its curves.

    Attributes
    ----------
    trial, noisy : Trial or NoisyProblem
        what is run.
    refused : tuple of (str or None)
        for each stopping rule why it cannot judge this fit, or None.
    scorers : dict
        by what is reported.
    """

    trial: Trial
    noisy: NoisyProblem
    refused: tuple[str | None, ...] = ()
    scorers: dict[Average, CurveScorer] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: Trial, noisy: NoisyProblem, refused: Iterable[str | None]) -> Posed:
        """Return a trial with scorers for all that its rules report."""
        averages = {average_of(choice.parameters) for choice in trial.stopping}
        scorers = {one: CurveScorer(problem=noisy.problem, clean=noisy.clean) for one in averages}
        return cls(trial=trial, noisy=noisy, refused=tuple(refused), scorers=scorers)

    @property
    def hopeless(self) -> bool:
        """Whether no rule is left that could choose an iterate."""
        return bool(self.trial.stopping) and all(self.refused)

    def all_outcomes(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return the outcomes of all rules, from those of the rules that were not refused."""
        if not self.trial.stopping:
            return list(outcomes)
        left = iter(outcomes)
        return [Outcome(error=RefusedError(why)) if why else next(left) for why in self.refused]


class Fits:
    """The fits of trials that are run as one.

    Parameters
    ----------
    player : Player
        runs them.
    registry : Registry
        where the rules are found.
    posed : sequence of Posed
        the trials.
    strays : callable
        ends processes that have left the player, and says which.
    """

    def __init__(
        self, player: Player, registry: Registry, posed: Sequence[Posed], strays: Callable[[], str]
    ) -> None:
        self._player, self._registry, self._posed, self._strays = player, registry, posed, strays
        self._work = _work(posed)
        self.marks: list[str] = []
        self.finished: Finished | None = None

    def run(self, note: Callable[..., None]) -> list[list[Outcome]]:
        """Run all fits; return the outcomes of each trial, one for each of its rules.

        Parameters
        ----------
        note : callable
            told what is known of the method as soon as it is.
        """
        watched = [self._watched(one) for one in self._posed if one.trial.stopping]
        setup = self._companions(watched)
        made = self._player.make(self._work)
        note(setup_seconds=made if setup is None else setup)
        note(first_call_seconds=self._player.begin())

        def shared() -> list[list[Outcome]]:
            if not watched:
                return [[measure_one_shot(self._player.fit)]]
            return measure_iterative(self._player.fit, watched)

        outcomes, self.finished = self._observed(shared)
        return [one.all_outcomes(own) for one, own in zip(self._posed, outcomes, strict=True)]

    def _companions(self, watched: Sequence[Watched]) -> float | None:
        """Run the companions; return what making the first one took, None where there is none."""
        asked = [image.companions() for image in watched]
        setup = None
        for numbers in dict.fromkeys(numbers for own in asked for numbers in own):
            seconds = self._companion(numbers, watched, [own.get(numbers) for own in asked])
            setup = seconds if setup is None else setup
        return setup

    def _companion(
        self, numbers: Sequence[int], watched: Sequence[Watched], asked: Sequence[Companion | None]
    ) -> float:
        """Run the companion that some rules ask for; return what making the method took.

        Where it fails, these rules have, and no other.
        """
        try:
            companions = [one for one in asked if one is not None]
            if len(companions) != len(watched):
                raise RuleError("it asks for a companion for some images only")
            beside = [image.beside(numbers, one) for image, one in zip(watched, companions, strict=True)]
        except Exception as error:
            for image in watched:
                image.fail(numbers, error)
            return 0.0
        setup = self._player.make(replace(self._work, problems=tuple(one.problem for one in beside)))
        failure: Exception | None = None

        def companion() -> list[list[Outcome]]:
            nonlocal failure
            try:
                self._player.begin()
                return measure_iterative(self._player.fit, beside)
            except Exception as error:
                if classify(error)[0] not in _HARMLESS:
                    raise
                failure = error
                return []

        self._observed(companion)
        for image, other, one in zip(watched, beside, companions, strict=True):
            if failure is None:
                image.join(numbers, other, one)
            else:
                image.fail(numbers, failure)
        return setup

    def _observed(self, fit: Callable[[], list[list[Outcome]]]) -> tuple[list[list[Outcome]], Finished]:
        """Run a fit, note what disturbed it, and see that nothing is left running."""
        device, process = self._work.device, self._player.process
        before = conditions(device, process)
        outcomes = fit()
        marks = [disturbance(before, conditions(device, process))]
        finished = self._player.finish()
        left = finished.left or self._strays()
        if left:
            raise TrialFailedError("error", f"left {left} running")
        if not all(outcome.quiet for own in outcomes for outcome in own):
            marks.append("another thread of the process was at work when the clock started")
        self.marks += [mark for mark in (*marks, *finished.marks) if mark and mark not in self.marks]
        return outcomes, finished

    def _watched(self, posed: Posed) -> Watched:
        trial, noisy = posed.trial, posed.noisy
        rules = [
            self._rule(choice.name, choice.parameters)
            for choice, why in zip(trial.stopping, posed.refused, strict=True)
            if not why
        ]
        alone = any(choice.parameters.get(STOP_NOW) for choice in trial.stopping)
        return Watched(
            noisy.problem,
            rules,
            trial.denoiser.parameters.get("iterations"),
            clean=noisy.clean,
            curve=None,
            curves={} if alone else posed.scorers,
            noise_energy=noisy.noise_energy,
            denoiser=trial.denoiser.name,
            parameters=trial.denoiser.parameters,
        )

    def _rule(self, name: str, parameters: Mapping[str, Any]) -> Rule:
        spec = self._registry.find(StoppingRuleSpec.kind, name).spec
        assert isinstance(spec, StoppingRuleSpec)
        rule = build(import_factory(spec), own_parameters(parameters))
        return Rule(rule, spec.oracle, average_of(parameters), spec.needs)


def _work(posed: Sequence[Posed]) -> Work:
    """Return what a player may know of trials."""
    trial = posed[0].trial
    return Work(
        denoiser=trial.denoiser.name,
        parameters=trial.denoiser.parameters,
        iterative=bool(trial.stopping),
        device=trial.device,
        problems=tuple(one.noisy.problem for one in posed),
        draws=tuple(one.noisy.drawn for one in posed),
    )
