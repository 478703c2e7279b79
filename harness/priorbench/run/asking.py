"""Requests: what a plan asks for, by the labels of its suite, for each of its trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.images import ImageSet
from priorbench.contract.requests import AskedSet, Request, digest_of
from priorbench.contract.specs import ImageSetSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import import_factory
from priorbench.parameters.values import build
from priorbench.protocol.seeding import salt_hash
from priorbench.run.keys import Provenance


def asked_set(choice: Choice, spec: ImageSetSpec, members: ImageSet) -> AskedSet:
    """Return an image set as requests name it.

    Parameters
    ----------
    choice, spec : Choice or ImageSetSpec
        What the suite says, and what is registered.
    members : ImageSet
        What was made of them. A folder is listed without what only chooses among its images, so that a part
        of it and the whole are the same set.
    """
    places = {spec.label_from, *spec.places}
    plain = AskedSet(
        label=choice.label,
        name=choice.name,
        parameters={name: value for name, value in choice.parameters.items() if name not in places},
        choosing=tuple(sorted(set(spec.selection) - places)),
    )
    if not (spec.takes_folder or spec.paired):
        return plain
    whole = {name: value for name, value in choice.parameters.items() if name not in plain.choosing}
    listed = members if whole == choice.parameters else build(import_factory(spec), whole)
    listing = getattr(listed, "ids", None)
    # Without a listing, only the place tells two folders of one name apart.
    ids = [choice.parameters.get(spec.label_from)] if listing is None else _ids(listing, members)
    return replace(plain, members=digest_of(ids), count=None if listing is None else len(ids))


def _ids(listing: Callable[[], Iterable[str]], members: Any) -> list[str]:
    """Return the ids of all images; of those chosen, where nothing is there without what chooses them."""
    try:
        return sorted(listing())
    except PriorbenchError:
        return sorted(members.ids())


class Asking:
    """The requests of one suite.

    Parameters
    ----------
    suite : str
        Its name.
    sets : Mapping[str, AskedSet]
        Its image sets, by label.
    provenance : Provenance
        What keys hold of code and versions.
    """

    def __init__(self, suite: str, sets: Mapping[str, AskedSet], provenance: Provenance) -> None:
        self._suite, self._sets, self._provenance = suite, sets, provenance
        self._known: dict[tuple[Any, ...], Request] = {}

    def of(self, trial: Trial) -> tuple[Request, ...]:
        """Return the request that each key of a trial answers, in the order of its keys."""
        rules: tuple[Choice | None, ...] = trial.stopping or (None,)
        return tuple(self._request(trial, rule) for rule in rules)

    def _request(self, trial: Trial, rule: Choice | None) -> Request:
        chosen = (trial.image_set, trial.operator, trial.noise, trial.denoiser)
        label = (*(choice.label for choice in chosen), None if rule is None else rule.label)
        if label not in self._known:
            self._known[label] = Request(
                suite=self._suite,
                denoiser=trial.denoiser,
                stopping=rule,
                image_set=self._sets[trial.image_set.label],
                noise=trial.noise,
                operator=trial.operator,
                metrics=tuple(sorted(trial.metrics)),
                device=trial.device.partition(":")[0],
                threads=trial.threads,
                code=digest_of(self._provenance.of(trial, rule)),
                bare=digest_of(self._provenance.of(replace(trial, metrics=()), rule))
                if trial.metrics
                else "",
                salt=salt_hash(trial.salt),
                given=bool(trial.noisy_sha256),
            )
        return self._known[label]
