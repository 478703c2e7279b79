"""The judge: poses the problem of a trial, has a player solve it, watches, scores, and makes the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from priorbench.contract.averages import average_of
from priorbench.contract.images import array_sha256
from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.specs import DenoiserSpec, MetricSpec, StoppingRuleSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.changes import CodeWatch
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.arithmetic import product_named
from priorbench.player.work import Player
from priorbench.protocol.crops import crops
from priorbench.protocol.exchange import InvalidOutputError, Outcome, scale_remark
from priorbench.protocol.failure import MachineError, classify
from priorbench.protocol.frames import notes_of
from priorbench.protocol.problems import NoisyProblem, noisy_problem
from priorbench.protocol.refusal import RefusedError, refusal, rule_refusal
from priorbench.protocol.scoring import CurveScorer, additive, finite, residual_energy, score
from priorbench.protocol.trial_records import failed_records, trial_records
from priorbench.words import one_line
from priorbench.worker.clean_images import CleanImages
from priorbench.worker.fits import Fits, Posed
from priorbench.worker.outputs import Outputs
from priorbench.worker.pictures import SentPictures


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
    sent : SentPictures or None, optional
        pictures that came with the trials; None = image sets are on this machine.
    """

    def __init__(self, registry: Registry, seat: Seat, sent: SentPictures | None = None) -> None:
        self.registry = registry
        self._seat = seat
        self._images = CleanImages(registry, sent)
        self._code = CodeWatch()
        self._outputs = Outputs()

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
            if not self._code.checked_lately(trials[0].code):  # what has changed since shows at the end, too
                self._check_code(trials)
            if trials[0].known:
                return [
                    self._outputs.scored_again(trial, self._images.image(trial), self._metrics(trial))
                    for trial in trials
                ]
            noisy = [self._noisy(trial, own) for trial, own in zip(trials, fields, strict=True)]
            posed = [self._posed(trial, one) for trial, one in zip(trials, noisy, strict=True)]
            if all(one.hopeless for one in posed):
                return [
                    self._records(one, one.all_outcomes([]), own)
                    for one, own in zip(posed, fields, strict=True)
                ]
            player = self._seat.take(trials)
        except Exception as error:
            return failed(error)
        try:
            records = self._measured(posed, fields, player)
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

    def _posed(self, trial: Trial, noisy: NoisyProblem) -> Posed:
        """Return a trial with what its rules lack; raise `RefusedError` where the method does not take it."""
        spec = self._spec(DenoiserSpec, trial.denoiser.name)
        own = trial.denoiser.parameters
        product = product_named(spec.arithmetic, own, trial.device, spec.arithmetic_refused)
        if product != trial.product:
            raise MachineError(
                f"products in bfloat16 are done by {product} here, the run was planned with {trial.product}: "
                "their bits differ, plan it on a machine like this one"
            )
        reason = refusal(spec, noisy.clean.shape, trial.device, noisy.descriptor, trial.operator, own)
        if reason:
            raise RefusedError(reason)
        rules = [self._spec(StoppingRuleSpec, choice.name) for choice in trial.stopping]
        refused = [rule_refusal(rule, spec, noisy.descriptor, trial.operator) for rule in rules]
        return Posed.of(trial, noisy, refused)

    def _measured(
        self, posed: Sequence[Posed], fields: Sequence[dict[str, Any]], player: Player
    ) -> list[tuple[Record, ...]]:
        def note(**known: Any) -> None:
            """Keep what is known now: a method that fails later has it in its records."""
            for own in fields:
                own.update(known)

        fits = Fits(player, self.registry, posed, self._seat.strays)
        outcomes = fits.run(note)
        marks = fits.marks
        if len(posed) > 1:
            note(batch=len(posed))
            marks.insert(0, f"throughput: {len(posed)} images were fitted at once")
        elif fits.finished is not None:
            note(peak_memory_bytes=fits.finished.memory)
        note(tainted="; ".join(marks) or None)
        return [
            self._records(one, own, known) for one, own, known in zip(posed, outcomes, fields, strict=True)
        ]

    def _records(
        self, posed: Posed, outcomes: Sequence[Outcome], fields: dict[str, Any]
    ) -> tuple[Record, ...]:
        trial = posed.trial
        results = [fields | _result(posed, outcome, self._metrics(trial)) for outcome in outcomes]
        self._outputs.keep(trial, [outcome.output for outcome in outcomes])
        for result, outcome in zip(results, outcomes, strict=True):
            if trial.crops and outcome.output is not None:
                own_crop = crops({result["output_sha256"]: outcome.output})
                result["crops"] = fields.get("crops", {}) | own_crop
        for average, scorer in posed.scorers.items():
            own = [
                number
                for number, choice in enumerate(trial.stopping)
                if average_of(choice.parameters) == average and scorer.iteration
            ]
            on_it = [results[number] for number in own if not outcomes[number].of_companion]
            known = _trajectory(scorer, on_it)
            for number in own:
                results[number] |= known
        return trial_records(trial, self.registry, results)

    def _metrics(self, trial: Trial) -> dict[str, Any]:
        return {name: import_factory(self._spec(MetricSpec, name)) for name in trial.metrics}

    def _spec(self, cls: type[Any], name: str) -> Any:
        spec = self.registry.find(cls.kind, name).spec
        assert isinstance(spec, cls)
        return spec


def _result(posed: Posed, outcome: Outcome, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record fields that an outcome gives."""
    if outcome.output is None:
        status, error = classify(outcome.error or InvalidOutputError("no output"))
        return {"status": status, "error": error}
    noisy = posed.noisy
    fitted = residual_energy(noisy.problem, outcome.output)
    judged = posed.trial.stopping and noisy.noise_energy  # without noise, no fit is good enough
    return score(outcome.output, noisy.clean, metrics, additive(noisy.problem)) | {
        "output_sha256": array_sha256(outcome.output),
        "remark": scale_remark(outcome.output),
        "iterations": outcome.iterations,
        "stopped_at": outcome.stopped_at,
        "fired": outcome.fired,
        "training_loss": finite(outcome.loss),
        "fit_failed": fitted > 2 * noisy.noise_energy if judged else None,
        "wall_seconds": outcome.wall_seconds,
        "device_seconds": outcome.device_seconds,
        "cpu_seconds": outcome.cpu_seconds,
    }


def _trajectory(scorer: CurveScorer, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what all rules of a fit have in common: its curve, and the best of what was seen."""
    best = scorer.best()
    for result in results:
        candidate = (result.get("psnr"), result.get("iterations"))
        best = max(best, candidate, key=lambda pair: -1.0 if pair[0] is None else pair[0])
    return {"curve": scorer.curve(), "oracle_psnr": best[0], "oracle_iteration": best[1]}
