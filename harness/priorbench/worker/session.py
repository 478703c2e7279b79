"""The judge: poses the problem of a trial, has a player solve it, watches, scores, and makes the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from priorbench.contract.choice import Choice
from priorbench.contract.images import array_sha256
from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.specs import DenoiserSpec, MetricSpec, StoppingRuleSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.changes import CodeWatch
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.disturbance import conditions, disturbance
from priorbench.parameters.values import build
from priorbench.player.work import Player, Work
from priorbench.protocol.crops import crops
from priorbench.protocol.exchange import InvalidOutputError, Outcome, scale_remark
from priorbench.protocol.failure import MachineError, TrialFailedError, classify
from priorbench.protocol.frames import notes_of
from priorbench.protocol.measure import measure_iterative, measure_one_shot
from priorbench.protocol.problems import NoisyProblem, noisy_problem
from priorbench.protocol.refusal import RefusedError, refusal
from priorbench.protocol.scoring import CurveScorer, additive, score
from priorbench.protocol.trial_records import failed_records, trial_records
from priorbench.protocol.watching import Rule, Watched
from priorbench.words import one_line
from priorbench.worker.clean_images import CleanImages


class Seat(Protocol):
    """Where the judge finds players."""

    def take(self, trials: Sequence[Trial]) -> Player:
        """Return a player that is ready; raise `MachineError` where there is none."""
        ...

    def strays(self) -> str:
        """End processes that have left the player that was taken, and say which; empty = none."""
        ...

    def give_back(self, player: Player, *, clean: bool) -> str | None:
        """Keep a player for later, or, after a failure, end it and return what it printed last."""
        ...


#: statuses after which a player may still be trusted with the next image
CLEAN = ("ok", "refused", NOT_RUN)


class Session:
    """Runs trials one after the other; image sets are kept between them.

    Parameters
    ----------
    registry : Registry
        the plugins of this process.
    seat : Seat
        where players are found.
    """

    def __init__(self, registry: Registry, seat: Seat) -> None:
        self.registry = registry
        self._seat = seat
        self._images = CleanImages(registry)
        self._code = CodeWatch()

    def run(self, trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
        """Run a trial, or several of one method on images of one shape as one fit; return their records.

        Every failure of the method becomes a record; a failure of one is one of all. Timings of several are
        marked as throughput, and there is no memory of one alone.
        """
        fields: list[dict[str, Any]] = [
            {"started_at": datetime.now(UTC).isoformat(timespec="seconds")} for _ in trials
        ]

        def failed(error: BaseException) -> list[tuple[Record, ...]]:
            return [
                failed_records(trial, self.registry, *classify(error), own)
                for trial, own in zip(trials, fields, strict=True)
            ]

        try:
            self._check_code(trials)
            noisy = [self._noisy(trial, own) for trial, own in zip(trials, fields, strict=True)]
            self._check_taken(trials, noisy)
            player = self._seat.take(trials)
        except Exception as error:
            return failed(error)
        try:
            records = self._measured(trials, noisy, fields, player)
            self._check_code(trials)  # a module may have been imported in the middle of the trial
            clean = all(record.status in CLEAN for own in records for record in own)
        except BaseException as error:
            records, clean = failed(error), False
            if isinstance(error, KeyboardInterrupt) and player.process is None:
                raise
        printed = self._seat.give_back(player, clean=clean)
        return [tuple(replace(record, printed=printed) for record in own) for own in records]

    def _check_code(self, trials: Sequence[Trial]) -> None:
        difference = self._code.difference(trials[0].code)
        if difference is not None:
            raise MachineError(difference)

    def _noisy(self, trial: Trial, fields: dict[str, Any]) -> NoisyProblem:
        """Return the trial's problem; what its records say of it goes into `fields`."""
        image = self._images.image(trial)
        given = self._images.noisy(trial, image)
        fields["notes"] = notes_of(image, given)
        try:
            noisy = noisy_problem(
                self.registry,
                image,
                image_set=trial.image_set.name,
                operator=trial.operator,
                noise=trial.noise,
                repetition=trial.repetition,
                device="cpu",
                salt=trial.salt,
                given=given,
            )
        except RefusedError:
            raise
        except PriorbenchError as error:  # what is missing here was there when the run was planned
            raise MachineError(one_line(error)) from error
        fields |= noisy.facts()
        if trial.crops:
            known = {trial.image_sha256: noisy.clean, noisy.noisy_sha256: noisy.baseline}
            fields["crops"] = crops(known)
        return noisy

    def _check_taken(self, trials: Sequence[Trial], noisy: Sequence[NoisyProblem]) -> None:
        spec = self._spec(DenoiserSpec, trials[0].denoiser.name)
        for trial, one in zip(trials, noisy, strict=True):
            reason = refusal(spec, one.clean.shape, trial.device, one.descriptor, trial.operator)
            if reason:
                raise RefusedError(reason)

    def _measured(
        self,
        trials: Sequence[Trial],
        noisy: Sequence[NoisyProblem],
        fields: Sequence[dict[str, Any]],
        player: Player,
    ) -> list[tuple[Record, ...]]:
        def note(**known: Any) -> None:
            """Keep what is known now: a method that fails later has it in its records."""
            for own in fields:
                own.update(known)

        note(setup_seconds=player.make(_work(trials, noisy)))
        note(first_call_seconds=player.begin())
        scorers = [CurveScorer(problem=one.problem, clean=one.clean) for one in noisy]
        before = conditions(trials[0].device, player.process)
        outcomes = self._outcomes(player, trials, noisy, scorers)
        marks = [disturbance(before, conditions(trials[0].device, player.process))]
        finished = player.finish()
        left = finished.left or self._seat.strays()
        if left:
            raise TrialFailedError("error", f"left {left} running")
        if not all(outcome.quiet for own in outcomes for outcome in own):
            marks.append("another thread of the process was at work when the clock started")
        marks += finished.marks
        if len(trials) > 1:
            note(batch=len(trials))
            marks.insert(0, f"throughput: {len(trials)} images were fitted at once")
        else:
            note(peak_memory_bytes=finished.memory)
        note(tainted="; ".join(filter(None, marks)) or None)
        return [
            self._records(trial, own, scorer, known)
            for trial, own, scorer, known in zip(trials, outcomes, scorers, fields, strict=True)
        ]

    def _outcomes(
        self,
        player: Player,
        trials: Sequence[Trial],
        noisy: Sequence[NoisyProblem],
        scorers: Sequence[CurveScorer],
    ) -> list[list[Outcome]]:
        if not trials[0].stopping:
            return [[measure_one_shot(player.fit)]]
        budget = trials[0].denoiser.parameters.get("iterations")
        watched = [
            Watched(
                one.problem,
                [self._rule(choice) for choice in trial.stopping],
                budget,
                clean=one.clean,
                curve=scorer,
            )
            for trial, one, scorer in zip(trials, noisy, scorers, strict=True)
        ]
        return measure_iterative(player.fit, watched)

    def _records(
        self, trial: Trial, outcomes: Sequence[Outcome], scorer: CurveScorer, fields: dict[str, Any]
    ) -> tuple[Record, ...]:
        metrics = {name: import_factory(self._spec(MetricSpec, name)) for name in trial.metrics}
        results: list[dict[str, Any]] = []
        for outcome in outcomes:
            if outcome.output is None:
                status, error = classify(outcome.error or InvalidOutputError("no output"))
                results.append(fields | {"status": status, "error": error})
                continue
            digest = array_sha256(outcome.output)
            output = crops({digest: outcome.output}) if trial.crops else {}
            results.append(
                fields
                | score(outcome.output, scorer.clean, metrics, additive(scorer.problem))
                | {
                    "output_sha256": digest,
                    "remark": scale_remark(outcome.output),
                    "iterations": outcome.iterations,
                    "wall_seconds": outcome.wall_seconds,
                    "device_seconds": outcome.device_seconds,
                    "cpu_seconds": outcome.cpu_seconds,
                    "crops": fields.get("crops", {}) | output,
                }
            )
        if trial.stopping:
            results = [result | _trajectory(scorer, results) for result in results]
        return trial_records(trial, self.registry, results)

    def _rule(self, choice: Choice) -> Rule:
        spec = self._spec(StoppingRuleSpec, choice.name)
        return build(import_factory(spec), choice.parameters), spec.oracle

    def _spec(self, cls: type[Any], name: str) -> Any:
        spec = self.registry.find(cls.kind, name).spec
        assert isinstance(spec, cls)
        return spec


def _work(trials: Sequence[Trial], noisy: Sequence[NoisyProblem]) -> Work:
    """Return what a player may know of trials."""
    return Work(
        denoiser=trials[0].denoiser.name,
        parameters=trials[0].denoiser.parameters,
        iterative=bool(trials[0].stopping),
        device=trials[0].device,
        problems=tuple(one.problem for one in noisy),
        draws=tuple(one.drawn for one in noisy),
    )


def _trajectory(scorer: CurveScorer, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what all rules of a fit have in common: its curve, and the best of what was seen."""
    best = scorer.best()
    for result in results:
        candidate = (result.get("psnr"), result.get("iterations"))
        best = max(best, candidate, key=lambda pair: -1.0 if pair[0] is None else pair[0])
    return {"curve": scorer.curve(), "oracle_psnr": best[0], "oracle_iteration": best[1]}
