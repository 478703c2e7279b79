"""Whether a machine has what a run was planned with: the same versions, code and pictures."""

from __future__ import annotations

import functools
import platform
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from priorbench.contract.executor import Needs, Sample
from priorbench.contract.images import ImageSet, PairedImageSet
from priorbench.contract.specs import ImageSetSpec, Spec
from priorbench.errors import PriorbenchError
from priorbench.loading.changes import CORE
from priorbench.loading.digests import code_digest, core_digest
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.description import describe, versions
from priorbench.machine.devices import resolve_device
from priorbench.machine.settings import KEEP_VARIABLE
from priorbench.parameters.values import build
from priorbench.remote.wire import Question
from priorbench.run.keys import worker_variables
from priorbench.words import one_line

_ABSENT = "nothing"


def told(question: Question, registry: Registry, *, everything: bool) -> dict[str, Any]:
    """Return what this machine says of itself, as JSON values.

    Parameters
    ----------
    question : Question
        what the run asks.
    registry : Registry
        the plugins here.
    everything : bool
        also where it is, its environments and its pictures; otherwise versions and code alone.
    """
    needs = question.needs
    found: dict[str, Any] = {
        "versions": {name: _version(name) for name in needs.versions},
        "code": {factory: _digest(factory) for factory, _ in needs.code},
    }
    if everything:
        found |= {
            "host": platform.node() or socket.gethostname(),
            "machine": _machine(),
            "environments": dict(_environments(needs)),
            "images": {} if question.ships else _faults(needs.samples, registry),
        }
    return found


def differences(needs: Needs, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each thing in which a machine differs from the plan."""
    for name, planned in needs.versions.items():
        here = found["versions"].get(name)
        if here != planned:
            yield f"{name} {planned or 'missing'} in the plan, {here or 'missing'} there"
    for factory, digest in needs.code:
        here = found["code"].get(factory)
        if here != digest:
            name = "priorbench" if factory == CORE else factory.partition(":")[0]
            yield f"the code of {name} is {digest} in the plan, {here} there"


def _version(name: str) -> str | None:
    if name == KEEP_VARIABLE:
        return worker_variables() or None
    if name == "python":
        return ".".join(platform.python_version_tuple()[:2])
    return versions((name,))[name]


def _digest(factory: str) -> str:
    try:
        return core_digest() if factory == CORE else code_digest(factory).digest
    except (PriorbenchError, ImportError, ValueError):  # its package is not there
        return _ABSENT


def _machine() -> str:
    """Return what is the same for all containers of one machine, and for no other machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def _environments(needs: Needs) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield each device with the environment of its records, or with why it is not there."""
    for device in dict.fromkeys((needs.device, *needs.devices, "cpu")):
        try:
            yield device, describe(needs.threads, resolve_device(device))
        except Exception as error:  # a driver may raise anything
            yield device, one_line(error)


def _faults(samples: tuple[Sample, ...], registry: Registry) -> dict[str, str]:
    """Return what is wrong with the sets here, by their labels."""
    faults: dict[str, str] = {}

    @functools.cache
    def members(index: int) -> ImageSet:
        choice = samples[index].image_set
        spec = registry.find(ImageSetSpec.kind, choice.name).spec
        assert isinstance(spec, Spec)
        found: ImageSet = build(import_factory(spec), choice.parameters)
        return found

    first: dict[str, int] = {}
    for number, sample in enumerate(samples):
        label = sample.image_set.label
        if label in faults:
            continue
        try:
            fault = _fault(sample, members(first.setdefault(label, number)))
        except Exception as error:  # a plugin's own
            fault = one_line(error)
        if fault:
            faults[label] = fault
    return faults


def _fault(sample: Sample, members: Any) -> str:
    image = members.load(sample.image)
    if image.sha256 != sample.sha256:
        return f"image '{sample.image}' has other pixels than where the run was planned"
    if sample.noisy_sha256:
        paired: PairedImageSet = members
        if paired.noisy(sample.image, 0).sha256 != sample.noisy_sha256:
            return f"the noisy picture of '{sample.image}' is another one than where the run was planned"
    return ""
