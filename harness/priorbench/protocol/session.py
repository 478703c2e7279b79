"""What a worker keeps between trials, and how it turns a trial into records."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

from priorbench.contract.choice import Choice
from priorbench.contract.images import Image, ImageSet, array_sha256
from priorbench.contract.records import Record
from priorbench.contract.specs import DenoiserSpec, MetricSpec, StoppingRuleSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.changes import CodeWatch
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine import memory
from priorbench.machine.disturbance import conditions, disturbance
from priorbench.machine.leftovers import left_running, running
from priorbench.parameters.values import build
from priorbench.protocol.clock import device_for
from priorbench.protocol.crops import crops
from priorbench.protocol.exchange import InvalidOutputError, Outcome, Problem
from priorbench.protocol.failure import MachineError, classify, told_in_one_line
from priorbench.protocol.measure import measure
from priorbench.protocol.problems import NoisyProblem, noisy_problem
from priorbench.protocol.refusal import RefusedError, refusal
from priorbench.protocol.scoring import CurveScorer, additive, score
from priorbench.protocol.trial_records import failed_records, trial_records
from priorbench.words import one_line

#: iterations of a warm-up of an iterative method
WARM_UP_ITERATIONS = 3

Announce = Callable[[dict[str, Any]], None]


class Session:
    """Runs trials one after the other; image sets, first-call times and imports are kept between them.

    Parameters
    ----------
    registry : Registry
        the plugins of this process.
    baseline_bytes : int, default 0
        resident memory of an empty worker; peak memory is reported net of it.
    owns_process : bool, default False
        nothing but trials runs here, so that what the first trials imported may be put out of the garbage
        collector's sight: looking through it takes 0.1 s before each measurement.
    """

    def __init__(self, registry: Registry, baseline_bytes: int = 0, *, owns_process: bool = False) -> None:
        self.registry = registry
        self.baseline_bytes = baseline_bytes
        self._owns_process = owns_process
        self._image_sets: dict[str, ImageSet] = {}
        self._last_image: tuple[str, Image] | None = None
        self._warmed: dict[str, float] = {}
        self._factories: dict[str, tuple[Any, float]] = {}
        self._code = CodeWatch()

    def run(self, trial: Trial, announce: Announce = lambda facts: None) -> tuple[Record, ...]:
        """Run a trial; every failure of the method becomes a record.

        Parameters
        ----------
        trial : Trial
            what to run.
        announce : callable, optional
            told the record fields that are known before the method runs.
        """
        (records,) = self._run([trial], announce)
        return records

    def run_together(self, trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
        """Run trials of one method on images of one shape as one fit; a failure is one of all.

        Their timings are marked as throughput, and there is no memory of one alone.
        """
        return self._run(trials, lambda facts: None)

    def _run(self, trials: Sequence[Trial], announce: Announce) -> list[tuple[Record, ...]]:
        fields: list[dict[str, Any]] = [
            {"started_at": datetime.now(UTC).isoformat(timespec="seconds")} for _ in trials
        ]

        def failed(status: str, reason: str) -> list[tuple[Record, ...]]:
            return [
                failed_records(trial, self.registry, status, reason, own)
                for trial, own in zip(trials, fields, strict=True)
            ]

        try:
            self._check_code(trials)
            spec = self._spec(DenoiserSpec, "denoiser", trials[0].denoiser.name)
            noisy = [self._noisy(trial, own, announce) for trial, own in zip(trials, fields, strict=True)]
            for trial, one in zip(trials, noisy, strict=True):
                shape = one.problem.clean.shape
                reason = refusal(spec, shape, trial.device, one.descriptor, trial.operator)
                if reason:
                    return failed("refused", reason)
            before, warmed = running(), len(self._warmed)
            records = self._measure(trials, spec, [one.problem for one in noisy], fields)
            self._check_code(trials)  # a module may have been imported in the middle of the trial
            left = left_running(before)
            if left:
                return failed("error", f"left {left} running")
            if self._owns_process and len(self._warmed) > warmed:
                gc.collect()  # first: what a method left behind is not to be kept for ever
                gc.freeze()
            return records
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not self._owns_process:
                raise
            return failed(*classify(error))

    def _check_code(self, trials: Sequence[Trial]) -> None:
        difference = self._code.difference(trials[0].code)
        if difference is not None:
            raise MachineError(difference)

    def _noisy(self, trial: Trial, fields: dict[str, Any], announce: Announce) -> NoisyProblem:
        """Return the trial's problem; what its records say of it goes into `fields`."""
        image = self._image(trial)
        if image.sha256 != trial.image_sha256:
            raise MachineError(f"image '{trial.image}' changed since the run began; start the run again")
        try:
            noisy = noisy_problem(
                self.registry,
                image,
                image_set=trial.image_set.name,
                operator=trial.operator,
                noise=trial.noise,
                repetition=trial.repetition,
                device=trial.device,
                salt=trial.salt,
            )
        except RefusedError:
            raise
        except PriorbenchError as error:  # what is missing here was there when the run was planned
            raise MachineError(one_line(error)) from error
        fields |= noisy.facts()
        announce(fields)
        if trial.crops:
            given = {trial.image_sha256: noisy.problem.clean, noisy.noisy_sha256: noisy.baseline}
            fields["crops"] = crops(given)
        return noisy

    def _measure(
        self,
        trials: Sequence[Trial],
        spec: DenoiserSpec,
        problems: Sequence[Problem],
        fields: Sequence[dict[str, Any]],
    ) -> list[tuple[Record, ...]]:
        def note(**known: Any) -> None:
            """Keep what is known now: a method that fails later has it in its records."""
            for own in fields:
                own.update(known)

        factory, imported = self._factory(spec)
        start = time.perf_counter()
        method = build(factory, trials[0].denoiser.parameters)
        _check_declared(method, trials)
        note(setup_seconds=imported + time.perf_counter() - start)
        note(first_call_seconds=self._warm_up(trials[0], factory, problems))
        device = device_for(problems[0].observation.device)
        device.reset_peak_memory()
        memory.reset_peak()
        scorers = [CurveScorer(problem=problem) for problem in problems]
        before = conditions(trials[0].device)
        outcomes = self._outcomes(method, trials, problems, scorers)
        marks = [disturbance(before, conditions(trials[0].device))]
        if not all(outcome.quiet for own in outcomes for outcome in own):
            marks.append("another thread of the process was at work when the clock started")
        if len(trials) > 1:
            note(batch=len(trials))
            marks.insert(0, f"throughput: {len(trials)} images were fitted at once")
        else:
            resident = max(0, memory.peak_bytes() - self.baseline_bytes)
            note(peak_memory_bytes=device.peak_memory() or resident)
        note(tainted="; ".join(filter(None, marks)) or None)
        return [
            self._records(trial, own, scorer, known)
            for trial, own, scorer, known in zip(trials, outcomes, scorers, fields, strict=True)
        ]

    def _outcomes(
        self,
        method: Any,
        trials: Sequence[Trial],
        problems: Sequence[Problem],
        scorers: Sequence[CurveScorer],
    ) -> list[list[Outcome]]:
        budget = trials[0].denoiser.parameters.get("iterations")
        rules = [[self._rule(choice) for choice in trial.stopping] for trial in trials]
        return measure(method, problems, rules, budget, scorers)

    def _warm_up(self, trial: Trial, factory: Any, problems: Sequence[Problem]) -> float:
        """Run the method once on other images of the same shape; return the seconds, measured once."""
        problem = problems[0]
        shapes = (len(problems), problem.clean.shape, trial.operator.name, problem.noisy.shape)
        key = f"{_text(trial.denoiser)} {trial.device} {shapes}"
        if key not in self._warmed:
            other = np.random.default_rng(0).random(problem.clean.shape, dtype=np.float32)
            measured = problem.observation.operator.A(torch.from_numpy(other)).numpy()
            warm = replace(problem, noisy=measured, clean=other)
            method = build(factory, trial.denoiser.parameters)
            start = time.perf_counter()
            if len(problems) > 1:
                _advance(method.iterate_together([warm.present() for _ in problems]))
            elif hasattr(method, "iterate"):
                _advance(method.iterate(warm.present()))
            else:
                method.denoise(warm.present())
            device_for(problem.observation.device).synchronize()
            self._warmed[key] = (time.perf_counter() - start) / len(problems)
        return self._warmed[key]

    def _records(
        self, trial: Trial, outcomes: Sequence[Outcome], scorer: CurveScorer, fields: dict[str, Any]
    ) -> tuple[Record, ...]:
        metrics = {name: import_factory(self._spec(MetricSpec, "metric", name)) for name in trial.metrics}
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
                | score(outcome.output, scorer.problem.clean, metrics, additive(scorer.problem))
                | {
                    "output_sha256": digest,
                    "iterations": outcome.iterations,
                    "wall_seconds": outcome.wall_seconds,
                    "device_seconds": outcome.device_seconds,
                    "cpu_seconds": outcome.cpu_seconds,
                    "crops": fields.get("crops", {}) | output,
                }
            )
        if trial.stopping:
            best = scorer.best()
            for result in results:
                candidate = (result.get("psnr"), result.get("iterations"))
                best = max(best, candidate, key=lambda pair: -1.0 if pair[0] is None else pair[0])
            common = {"curve": scorer.curve(), "oracle_psnr": best[0], "oracle_iteration": best[1]}
            results = [result | common for result in results]
        return trial_records(trial, self.registry, results)

    def _rule(self, choice: Choice) -> tuple[Any, bool]:
        spec = self._spec(StoppingRuleSpec, "stopping rule", choice.name)
        return build(import_factory(spec), choice.parameters), spec.oracle

    def _factory(self, spec: DenoiserSpec) -> tuple[Any, float]:
        """Return the method's factory and the seconds that its import took, in this process."""
        if spec.name not in self._factories:
            start = time.perf_counter()
            try:
                factory = import_factory(spec)
            except PriorbenchError as error:  # it could be imported where the run was planned
                raise RuntimeError(str(error)) from error
            self._factories[spec.name] = (factory, time.perf_counter() - start)
        return self._factories[spec.name]

    def _image(self, trial: Trial) -> Image:
        """Return the trial's image; the last one is kept, for its next noises and repetitions."""
        key = f"{_text(trial.image_set)} {trial.image}"
        if self._last_image is None or self._last_image[0] != key:
            try:
                self._last_image = (key, self._image_set(trial.image_set).load(trial.image))
            except Exception as error:  # it could be loaded when the run was planned
                raise MachineError(
                    f"image '{trial.image}' cannot be loaded: {told_in_one_line(error)}"
                ) from error
        return self._last_image[1]

    def _image_set(self, choice: Choice) -> ImageSet:
        key = _text(choice)
        if key not in self._image_sets:
            spec = self.registry.find("image set", choice.name).spec
            self._image_sets[key] = build(import_factory(spec), choice.parameters)  # type: ignore[arg-type]
        return self._image_sets[key]

    def _spec(self, cls: type[Any], kind: str, name: str) -> Any:
        spec = self.registry.find(kind, name).spec
        assert isinstance(spec, cls)
        return spec


def _check_declared(method: Any, trials: Sequence[Trial]) -> None:
    """Raise where the run was planned for another kind of method than this one is."""
    planned, found = bool(trials[0].stopping), hasattr(method, "iterate")
    if planned != found:
        raise RuntimeError(
            f"the run was planned with iterative={planned}, and the method has "
            f"{'an' if found else 'no'} 'iterate': its spec must say iterative={found}"
        )
    if len(trials) > 1 and not hasattr(method, "iterate_together"):
        raise RuntimeError("the method has no 'iterate_together': its spec must say together=False")


def _advance(iterations: Iterator[Any]) -> None:
    for _ in itertools.islice(iterations, WARM_UP_ITERATIONS):
        pass


def _text(choice: Choice) -> str:
    return f"{choice.name} {sorted(choice.parameters.items())}"
