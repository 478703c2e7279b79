"""The interface of executors: they receive trials and return records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from priorbench.contract.choice import Choice
from priorbench.contract.records import Record
from priorbench.contract.trial import Trial

#: told what is running: a trial that has begun
Started = Callable[[Trial], None]


class Executor(Protocol):
    """Runs trials, in any order, and gives back the records of each as it ends.

    One that holds trials to limits has them in an attribute ``limits``, of the class
    `priorbench.contract.limits.Limits`, and in the records. A run then tries again what failed under
    smaller ones. One that runs trials on devices which this process's own description does not fit has
    theirs in an attribute ``environments``, by their fingerprints, and these in the records. `run` is called
    again, when it has ended, for trials that another run of the same store had held before and did not make.
    Where the machine failed, not the method, the status is `priorbench.contract.records.NOT_RUN`. One whose
    trials run on other machines is a `RemoteExecutor`, too.
    """

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it has ended.

        Parameters
        ----------
        trials : Iterable[Trial]
            read lazily, so that an image set need not be read ahead.
        started : callable
            called when a trial begins.
        """
        ...

    def close(self) -> None:
        """Stop everything that still runs."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """An image as it was planned, by which another machine shows that it has the same set.

    Attributes
    ----------
    image_set : Choice
        entry of the suite.
    image, sha256 : str
        its id in the set, and the digest of its pixels.
    noisy_sha256 : str, default ''
        digest of its first noisy picture, where the set brings some and they are wanted.
    """

    image_set: Choice
    image: str
    sha256: str
    noisy_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a run needs of every machine that takes part in it.

    Attributes
    ----------
    device, threads : str or int
        that the run asked for.
    devices : tuple of str
        those that its methods run on.
    versions : Mapping[str, str or None]
        of Python (``"python"``, without the last number), and by distribution of everything that keys hold.
    code : tuple of (str, str)
        factories, and what stands for the measured path, with the digests that keys hold.
    samples : tuple of Sample
        the first images of each set.
    """

    device: str
    threads: int
    devices: tuple[str, ...]
    versions: Mapping[str, str | None]
    code: tuple[tuple[str, str], ...]
    samples: tuple[Sample, ...]


@runtime_checkable
class RemoteExecutor(Protocol):
    """What an executor has beside `Executor` whose trials run on other machines.

    Its spec says ``elsewhere=True``. Each of its records names its environment, by
    `priorbench.machine.description.fingerprint` of what the machine that ran the trial says of itself.

    Attributes
    ----------
    environments : Mapping[str, Mapping[str, Any]]
        the environments that its records name, by fingerprint.
    """

    environments: Mapping[str, Mapping[str, Any]]

    def prepare(self, needs: Callable[[], Needs]) -> None:
        """Take note of how to ask what the run needs; called once, before `run`.

        The answer takes reading the first images: ask when there is something to run.
        """
        ...
