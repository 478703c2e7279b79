"""What travels between the run and its workers, as JSON: what is asked of them, orders, and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.executor import Needs, Sample
from priorbench.contract.limits import Limits
from priorbench.contract.trial import Trial, trial_to_json
from priorbench.machine.settings import plugin_variables

#: what both sides mean by these messages
WIRE = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a run asks of each worker before it gets a trial, and what its judges are started with.

    Attributes
    ----------
    run : str
        names the run among those of a cluster.
    needs : Needs
        versions, code, devices, and the first images of each set.
    limits : Limits
        of a trial.
    ships : bool
        pictures come with the trials, so that no set need be there.
    plugins : Mapping[str, str]
        the part of the environment that says which plugins there are.
    """

    run: str
    needs: Needs
    limits: Limits
    ships: bool
    plugins: Mapping[str, str] = field(default_factory=plugin_variables)

    def to_text(self) -> str:
        """Return it as JSON."""
        return json.dumps({"wire": WIRE, **asdict(self)})


def question_of(text: str) -> Question:
    """Return what `Question.to_text` wrote; raise `ValueError` for that of another version."""
    data = json.loads(text)
    if data.pop("wire", None) != WIRE:
        raise ValueError(
            "the run and this worker have different versions of priorbench: install the same one"
        )
    needs = data.pop("needs")
    samples = tuple(
        Sample(**{**one, "image_set": Choice(**one["image_set"])}) for one in needs.pop("samples")
    )
    code = tuple((factory, digest) for factory, digest in needs.pop("code"))
    devices = tuple(needs.pop("devices"))
    return Question(
        needs=Needs(samples=samples, code=code, devices=devices, **needs),
        limits=Limits(**data.pop("limits")),
        **data,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Trials for a worker, to be run as one.

    Attributes
    ----------
    run : str
        whose they are.
    trials : str
        JSON; not shown by logs, because a salt may be in it.
    pictures : Mapping[str, bytes]
        by digest, those that the worker does not have yet; see `priorbench.worker.packing`.
    wanted : tuple of str
        digests of all pictures that the trials need, where they come with them.
    alone : bool
        nothing else of the cluster runs on this machine, so that processors may be chosen.
    """

    run: str
    trials: str = field(repr=False)
    pictures: Mapping[str, bytes] = field(repr=False)
    wanted: tuple[str, ...]
    alone: bool


def trials_text(trials: Sequence[Trial]) -> str:
    """Return trials as an order has them."""
    return json.dumps([trial_to_json(trial) for trial in trials])


def message_of(text: object) -> dict[str, Any]:
    """Return the answer of a worker; raise `ValueError` where it is none."""
    if not isinstance(text, str):
        raise ValueError(f"the worker answered with {type(text).__name__}")
    try:
        message = json.loads(text)
    except RecursionError:
        raise ValueError("the worker's answer is nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("the worker's answer is no object")
    return message
