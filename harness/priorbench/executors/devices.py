"""Which worker has which device: one GPU for each, seen by it alone through `CUDA_VISIBLE_DEVICES`.

A timed trial has its device alone. So two workers are not put on one device unless that is asked for, and
then the timings are marked. A worker that sees one device calls it ``cuda``; records name it as this process
does (``cuda:3``), and their environment says which piece of hardware that is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from priorbench.errors import PriorbenchError
from priorbench.machine.description import describe, fingerprint
from priorbench.words import plural

#: the variable by which a process is shown some of the devices, for each kind of device that has one
VISIBLE = {"cuda": "CUDA_VISIBLE_DEVICES"}
#: all devices of a kind
EVERY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    """The device of one worker.

    Attributes
    ----------
    name : str
        as this process calls it, ``cuda:1``; records have it.
    id : str
        what the worker's `CUDA_VISIBLE_DEVICES` is to hold: a number, or the UUID of a GPU or of a MIG slice.
    sharers : int, default 1
        workers that have this device, this one among them.
    """

    name: str
    id: str
    sharers: int = 1

    @property
    def kind(self) -> str:
        """The kind of device, which is what the worker calls it."""
        return self.name.partition(":")[0]

    def variables(self) -> dict[str, str]:
        """Return what the worker's environment is to have beside everything else."""
        return {VISIBLE[self.kind]: self.id}


@dataclass(frozen=True, kw_only=True, slots=True)
class Devices:
    """What a run asks for.

    Attributes
    ----------
    device : str
        for the plan: the torch device as a worker calls it, or as it was given where no worker has its own.
    jobs : int
        workers.
    assigned : tuple of Assigned, default ()
        one for each worker; empty where they all see what this process sees.
    """

    device: str
    jobs: int
    assigned: tuple[Assigned, ...] = ()


def choose_devices(
    device: str,
    jobs: int | None,
    *,
    share: bool,
    resolve: Callable[[str], str],
    count: Callable[[str], int],
    environment: Mapping[str, str] | None = None,
) -> Devices:
    """Return the devices of a run's workers.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda``, ``cuda:1``, a list as ``cuda:0,cuda:2``, or ``cuda:*`` for all.
    jobs : int or None
        workers; None = one for each device of a list, otherwise one.
    share : bool
        several workers may have one device.
    resolve : callable
        checks one device and returns its name: see `priorbench.machine.devices.resolve_device`.
    count : callable
        number of devices of a kind that this process sees.
    environment : mapping, optional
        of this process; default `os.environ`.

    Raises
    ------
    PriorbenchError
        For a device that is not there, or workers that would share one without having been told to.
    """
    parts = [part.strip() for part in device.split(",")]
    several = len(parts) > 1 or device.endswith(f":{EVERY}")
    if not several:
        name = resolve(device)
        kind, colon, _ = name.partition(":")
        if kind == "cpu" or (jobs or 1) == 1:
            return Devices(device=name, jobs=jobs or 1)
        names = [name] if colon or kind not in VISIBLE else _all_of(kind, count)
    else:
        names = _listed(parts, resolve, count)
    kind = names[0].partition(":")[0]
    workers = jobs or len(names)
    if workers > len(set(names[:workers])) and not share:
        raise PriorbenchError(_too_many(workers, names))
    if kind not in VISIBLE:  # nothing to tell workers by; they share the only one
        return Devices(device=names[0], jobs=workers)
    chosen = [names[number % len(names)] for number in range(workers)]
    ids = visible_ids(kind, count(kind), os.environ if environment is None else environment)
    assigned = tuple(
        Assigned(name=name, id=ids[int(name.partition(":")[2])], sharers=chosen.count(name))
        for name in chosen
    )
    return Devices(device=kind, jobs=workers, assigned=assigned)


def visible_ids(kind: str, count: int, environment: Mapping[str, str]) -> list[str]:
    """Return what to put into `CUDA_VISIBLE_DEVICES` for each device that this process sees, in its order.

    Where the variable is set, what it names are numbers or UUIDs of the machine's, of MIG slices too, and a
    worker gets one of them; where it is not, they are the numbers themselves.
    """
    told = environment.get(VISIBLE[kind])
    if told is None:
        return [str(number) for number in range(count)]
    return [one.strip() for one in told.split(",")][:count]


def environments_of(
    assigned: Sequence[Assigned],
    threads: int,
    *,
    described: Callable[[int, str], dict[str, Any]] = describe,
    identity: Callable[[str], str | None] | None = None,
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Return the environment of each device's records: name -> fingerprint, and fingerprint -> description.

    Devices that are described alike have one environment, in which all of them stand: their times are of
    one kind. Unlike ones have environments of their own, and their times are not compared.

    Parameters
    ----------
    assigned : sequence of Assigned
        the devices of the workers.
    threads : int
        of each worker.
    described, identity : callable, optional
        describe a machine with one device, and tell the serial number of a device.
    """
    identity = identity or _uuid
    alike: dict[str, tuple[dict[str, Any], dict[str, str]]] = {}
    for one in {one.name: one for one in assigned}.values():
        told = described(threads, one.name)
        _, devices = alike.setdefault(fingerprint(told), (told, {}))
        devices[one.name] = identity(one.name) or one.id
    marks: dict[str, str] = {}
    environments: dict[str, dict[str, Any]] = {}
    for told, devices in alike.values():
        whole = told | {"devices": dict(sorted(devices.items()))}
        mark = fingerprint(whole)
        environments[mark] = whole
        marks |= dict.fromkeys(devices, mark)
    return marks, environments


def beside(device: str, own: Assigned | None, jobs: int, *, apart: bool) -> str | None:
    """Say what the other workers do to the timing of a trial, or return None where that is nothing.

    A trial on the CPU shares caches, memory and clock rates with the other workers, whatever processors it
    has. One on a GPU of its own uses its processors to launch work; where these are its own too, the other
    workers leave it alone.

    Parameters
    ----------
    device : str
        of the trial.
    own : Assigned or None
        the worker's.
    jobs : int
        workers.
    apart : bool
        each worker has processors of its own.
    """
    if jobs == 1:
        return None
    kind = device.partition(":")[0]
    if own is None or kind != own.kind or not apart:
        return f"{jobs} workers ran at the same time"
    return f"{own.sharers} workers shared {own.name}" if own.sharers > 1 else None


def _listed(parts: Sequence[str], resolve: Callable[[str], str], count: Callable[[str], int]) -> list[str]:
    """Return the names of the devices of a list."""
    names: list[str] = []
    for part in parts:
        kind, _, index = part.partition(":")
        if index == EVERY:
            resolve(kind)
            names += _all_of(kind, count)
        else:
            names.append(resolve(part))
    bare = [name for name in names if not name.partition(":")[2]]
    kinds = {name.partition(":")[0] for name in names}
    if bare or len(kinds) > 1 or not kinds <= VISIBLE.keys():
        raise PriorbenchError(
            f"--device {','.join(parts)}: a list has numbered devices of one kind, as cuda:0,cuda:1 or cuda:*"
        )
    return names


def _all_of(kind: str, count: Callable[[str], int]) -> list[str]:
    return [f"{kind}:{number}" for number in range(count(kind))]


def _too_many(workers: int, names: Sequence[str]) -> str:
    different = sorted(set(names))
    there = ", ".join(different[:4]) + (", ..." if len(different) > 4 else "")
    return (
        f"{workers} workers on {plural(len(different), 'device')} ({there}): two of them would have one, and "
        f"neither would be timed alone. Use --jobs {len(different)}, or add --share-device, which marks the "
        "timings"
    )


def _uuid(name: str) -> str | None:
    """Return the UUID of a CUDA device, as torch tells it."""
    import torch

    try:
        found = getattr(torch.cuda.get_device_properties(torch.device(name)), "uuid", None)
    except (RuntimeError, AssertionError):
        return None
    return None if found is None else f"GPU-{found}"
