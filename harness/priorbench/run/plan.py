"""Turns a suite into trials, one image at a time."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

from priorbench.contract.averages import STOP_NOW
from priorbench.contract.choice import Choice
from priorbench.contract.executor import Sample
from priorbench.contract.images import ImageSet
from priorbench.contract.requests import Request
from priorbench.contract.specs import DenoiserSpec, ImageSetSpec, Spec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.digests import code_digest
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.arithmetic import product_named
from priorbench.parameters.values import build
from priorbench.run.asking import Asking, asked_set
from priorbench.run.foreseeing.counts import told_counts
from priorbench.run.foreseeing.refusals import Expecting
from priorbench.run.given import check_given
from priorbench.run.keys import Provenance
from priorbench.run.making import Blocks, fit_of
from priorbench.run.memory.pictures import Remembered, remembered
from priorbench.run.noting import Notes
from priorbench.run.options import PlanOptions
from priorbench.run.reading import Looked, Planned, Skipped, Wanted, read_images
from priorbench.run.revision import revision
from priorbench.suite.given import is_given
from priorbench.suite.inspection import abilities
from priorbench.suite.model import Suite


class Plan:
    """The trials of a suite, in blocks of one image, one operator, one noise and one draw of it.

    Within a block the methods come in a shuffled order that the block determines, so that a half-finished
    run is a balanced comparison and no method is always first. All images come under one noise before the
    first comes under the next: a process that runs a method sees each image once, and so few are started.

    Parameters
    ----------
    suite, registry, options : Suite or Registry or PlanOptions
        what to run.
    """

    def __init__(self, suite: Suite, registry: Registry, options: PlanOptions) -> None:
        self.suite, self.registry, self.options = suite, registry, options
        self._sets = [(choice, self._open(choice)) for choice in suite.images]
        self._given = frozenset(one.label for one in suite.noises if is_given(registry, one))
        check_given(suite, self._given, [(one.label, found) for one, found in self._sets], salt=options.salt)
        self._iterative = {choice.label: self._iterates(choice) for choice in suite.denoisers}
        if any(self._iterative.values()) and not suite.stopping:
            raise PriorbenchError(f"suite {suite.name}: an iterative method needs a stopping rule")
        self._provenance = Provenance(registry)
        asked = {
            choice.label: asked_set(choice, self._set_spec(choice), found) for choice, found in self._sets
        }
        self._asking = Asking(suite.name, asked, self._provenance)

    def __len__(self) -> int:
        """Return an upper bound of the number of trials, or about how many a shard has: see `size`."""
        return self.size({})

    def size(self, unusable: Mapping[str, int]) -> int:
        """Return how many trials there are at most, or about how many a shard has.

        Parameters
        ----------
        unusable : Mapping[str, int]
            label of a set -> its files that are known to be of no use; those that turn out so later make the
            number smaller.
        """
        most = self.options.limit or sys.maxsize
        images = sum(
            min(most, max(0, _length(members) - unusable.get(choice.label, 0)))
            for choice, members in self._sets
        )
        problems = images * len(self.suite.operators) * len(self.suite.noises)
        fits = sum(len(self._fits(denoiser)) for denoiser in self.suite.denoisers)
        trials = problems * fits * self.suite.repetitions
        part = trials if self.options.shard is None else -(-trials // self.options.shard[1])
        return min(part, sys.maxsize)  # Python's `len` can say no more

    def expected_refusals(
        self, looked: Mapping[str, Looked] | None = None, *, elsewhere: bool = False
    ) -> tuple[str, ...]:
        """Return one line for each method and each stopping rule that will be refused, and why.

        Parameters
        ----------
        looked : Mapping[str, Looked] or None, optional
            what `look` found: what hangs on the size of pictures is said of these.
        elsewhere : bool, default False
            other machines run the methods: nothing is known of their processors.
        """
        shapes = {label: one.shapes for label, one in (looked or {}).items()}
        iterative = [choice for choice in self.suite.denoisers if self._iterative[choice.label]]
        expecting = Expecting(
            suite=self.suite, registry=self.registry, device=self._device, elsewhere=elsewhere
        )
        return (*expecting.of_methods(shapes), *expecting.of_rules(iterative))

    def counts(self) -> tuple[str, ...]:
        """Return one line for each folder whose number of pictures may not be the one that was meant."""
        return tuple(told_counts((one.label, self._set_spec(one), found) for one, found in self._sets))

    def requests(self, trial: Trial) -> tuple[Request, ...]:
        """Return what each key of a trial answers, in the order of its keys."""
        return self._asking.of(trial)

    def trials(self, skipped: Skipped, notes: Notes | None = None) -> Iterator[Trial]:
        """Yield the trials.

        Parameters
        ----------
        skipped : callable
            told the label of the set and the file that cannot be used.
        notes : Notes or None, optional
            gathers what was done to pictures when they were read; a set is told when all of it was.

        Raises
        ------
        PriorbenchError
            If a set has no usable image, or, when strict, at the first unusable one.
        """
        noted = notes or Notes(lambda found: None)
        for choice, members in self._sets:
            images: list[Planned] = []
            for operator, noise in itertools.product(self.suite.operators, self.suite.noises):
                blocks = self._blocks(choice, operator, noise)
                for repetition in range(self.suite.repetitions):
                    for image in images or self._read(choice, members, skipped, noted, images):
                        yield from blocks.trials(image, repetition)

    def look(self, most: int, skipped: Skipped, notes: Notes) -> dict[str, Looked]:
        """Read the first usable images of each set, at most `most`; return what was read of which.

        Raises
        ------
        PriorbenchError
            As `trials`.
        """
        limit = min(most, self._wanted.limit or most)
        wanted = replace(self._wanted, limit=limit)
        found = {}
        for choice, members in self._sets:
            images = read_images(choice.label, members, wanted, skipped, notes, self._memory(choice))
            shapes = tuple(image.shape for image in images)
            every = min(self._wanted.limit or sys.maxsize, _length(members))
            found[choice.label] = Looked(shapes=shapes, whole=len(shapes) < limit or len(shapes) >= every)
        return found

    def first(self, most: int) -> Plan:
        """Return the plan of the first usable images of each set, at most `most`."""
        limit = min(most, self.options.limit or most)
        return Plan(self.suite, self.registry, replace(self.options, limit=limit))

    def samples(self, most: int) -> Iterator[Sample]:
        """Read the first usable images of each set, at most `most`; raise `PriorbenchError` as `trials`."""
        wanted = replace(self._wanted, limit=min(most, self._wanted.limit or most))
        for choice, members in self._sets:
            for one in read_images(choice.label, members, wanted, lambda *_: None, Notes(lambda _: None)):
                noisy = one.noisy[0] if one.noisy else ""
                yield Sample(image_set=choice, image=one.id, sha256=one.sha256, noisy_sha256=noisy)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that the methods run on."""
        return tuple(dict.fromkeys(self._device(choice) for choice in self.suite.denoisers))

    @property
    def _wanted(self) -> Wanted:
        return Wanted(
            frames=self.suite.repetitions if self._given else 0,
            limit=self.options.limit,
            strict=self.options.strict,
            pictures=self.options.pictures,
        )

    def _read(
        self, choice: Choice, members: ImageSet, skipped: Skipped, notes: Notes, known: list[Planned]
    ) -> Iterator[Planned]:
        """Yield the images of a set as they are read, and keep what is to be known of them."""
        found = []
        memory = self._memory(choice)
        for image in read_images(choice.label, members, self._wanted, skipped, notes, memory):
            found.append(image)
            yield image
        known += found

    def _memory(self, choice: Choice) -> Remembered:
        return remembered(choice, self._set_spec(choice), self._wanted.frames)

    def _blocks(self, image_set: Choice, operator: Choice, noise: Choice) -> Blocks:
        """Return what makes the trials of a set's images under an operator and a noise."""
        given = noise.label in self._given
        fits = [
            fit_of(
                denoiser,
                rules,
                self._provenance,
                image_set=image_set,
                operator=operator,
                noise=noise,
                metrics=self.suite.metrics,
                device=self._device(denoiser),
                threads=self.options.threads,
                product=self._product(denoiser),
                source=code_digest(self._spec("denoiser", denoiser).factory).digest,
                commit=revision(self._spec("denoiser", denoiser).factory),
                salt=self.options.salt,
                outputs=self.options.outputs,
                outputs_limit=self.options.outputs_limit,
            )
            for denoiser in self.suite.denoisers
            for rules in self._fits(denoiser)
        ]
        return Blocks(operator, noise, fits, shard=self.options.shard, given=given)

    def _fits(self, denoiser: Choice) -> tuple[tuple[Choice, ...], ...]:
        """Return the rules of each fit of a method: one that all share, and those of rules that stop now."""
        if not self._iterative[denoiser.label]:
            return ((),)
        alone = [rule for rule in self.suite.stopping if rule.parameters.get(STOP_NOW)]
        shared = tuple(rule for rule in self.suite.stopping if rule not in alone)
        return (*([shared] if shared else []), *((rule,) for rule in alone))

    def _device(self, choice: Choice) -> str:
        """Return where a method runs: on the CPU if it cannot run on the device that was asked for.

        The clock is host to host, so that both kinds of methods belong in one table.
        """
        spec = self._spec("denoiser", choice)
        assert isinstance(spec, DenoiserSpec)
        kind = self.options.device.partition(":")[0]
        fits = spec.devices == "any" or kind in spec.devices
        return self.options.device if fits or "cpu" not in spec.devices else "cpu"

    def _product(self, choice: Choice) -> str:
        """Return which product of bfloat16 numbers a method will use; empty where it uses none."""
        spec = self._spec("denoiser", choice)
        assert isinstance(spec, DenoiserSpec)
        device = self._device(choice)
        return product_named(spec.arithmetic, choice.parameters, device, spec.arithmetic_refused)

    def _iterates(self, choice: Choice) -> bool:
        spec = self._spec("denoiser", choice)
        assert isinstance(spec, DenoiserSpec)
        return abilities(spec).iterative

    def _spec(self, kind: str, choice: Choice) -> Spec:
        spec = self.registry.find(kind, choice.name).spec
        assert isinstance(spec, Spec)
        return spec

    def _set_spec(self, choice: Choice) -> ImageSetSpec:
        spec = self._spec("image set", choice)
        assert isinstance(spec, ImageSetSpec)
        return spec

    def _open(self, choice: Choice) -> ImageSet:
        members: ImageSet = build(import_factory(self._spec("image set", choice)), choice.parameters)
        return members


def _length(members: ImageSet) -> int:
    try:
        return len(members)
    except OverflowError:  # it has more than Python's `len` can say
        return sys.maxsize
