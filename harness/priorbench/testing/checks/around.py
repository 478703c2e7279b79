"""Denoisers: side effects of the first run, and the devices that they claim."""

from __future__ import annotations

import torch

from priorbench.errors import suggestion
from priorbench.testing.observations import Problems
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import DenoiserSubject
from priorbench.testing.surroundings import changes

_DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu", "hpu", "mtia", "xla")


def network(subject: DenoiserSubject) -> Finding | None:
    """Results may not depend on a server, nor pictures leave the machine."""
    subject.traces  # noqa: B018
    found = subject.setting.auditor.network
    return finding(
        "; it ".join(found[:3]),
        expected="no use of the network, neither at import nor in a run",
        mend="ship what it needs in the package, or let a parameter name a file that the user has",
    )


def files(subject: DenoiserSubject) -> Finding | None:
    """A run leaves nothing behind."""
    found = subject.traces.files
    return finding(
        f"it writes {', '.join(found[:3])}" if found else "",
        expected="writing only below tempfile.gettempdir(), which is the worker's own folder",
        mend="use the tempfile module, or keep it in memory",
    )


def random_state(subject: DenoiserSubject) -> Finding | None:
    """The global generators belong to nobody."""
    found = changes(subject.traces.before.generators, subject.traces.after.generators)
    return finding(
        f"another state of {', '.join(found)}" if found else "",
        expected="global random generators are as they were",
        mend="pass generator=observation.generator(); make networks within torch.random.fork_rng() or by "
        "priorbench.toolkit.initialisation.build",
    )


def settings(subject: DenoiserSubject) -> Finding | None:
    """Threads and precision are the protocol's."""
    before, after = subject.traces.before.settings, subject.traces.after.settings
    found = [f"{name} is {after[name]}, was {before[name]}" for name in changes(before, after)]
    return finding(
        "; ".join(found[:3]),
        expected="threads, precision and other settings of the process are as they were",
        mend="leave them alone, or set them in a 'with' block inside denoise",
    )


def leftovers(subject: DenoiserSubject) -> Finding | None:
    """What still runs disturbs the next timing; the harness records an error."""
    left = subject.traces.left
    return finding(
        f"it left {left}" if left else "",
        expected="no thread and no child process is left running",
        mend="use pools in a 'with' block, join threads, wait for processes",
    )


def devices(subject: DenoiserSubject) -> Finding | Skip | None:
    """Each declared device that is here must work."""
    declared = subject.spec.devices
    names = ("cpu", *_accelerator()) if declared == "any" else tuple(declared)
    if unknown := [name for name in names if name not in _DEVICE_TYPES]:
        return Finding(
            expected="'devices' has torch device types, or is \"any\"",
            seen=f"'{unknown[0]}'{suggestion(unknown[0], _DEVICE_TYPES)}",
            mend="correct 'devices' in the spec; a number as in cuda:1 is the user's choice",
        )
    here = [name for name in names if name in ("cpu", *_accelerator())]
    for name in here:
        problems = Problems(subject.setting.registry, subject.spec, name)
        if fault := subject.failures({f"on {name}": problems.usual}):
            return Finding(
                expected=f"it runs on each of its devices (devices={declared!r})",
                seen=fault,
                mend="make every tensor with device=observation.device, or correct 'devices' in the spec",
            )
    return None if here else Skip(f"none of its devices ({', '.join(names)}) is here")


def _accelerator() -> tuple[str, ...]:
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return (found.type,) if found is not None else ()


CHECKS = (
    Check(name="network", what="it does not use the network", run=network, needs=("process",)),
    Check(name="files", what="it writes only into its own folder", run=files, needs=("process",)),
    Check(
        name="random-state", what="global random generators are left alone", run=random_state, needs=("runs",)
    ),
    Check(name="settings", what="threads and other settings are left alone", run=settings, needs=("runs",)),
    Check(name="leftovers", what="no thread or process is left running", run=leftovers, needs=("runs",)),
    Check(name="devices", what="it runs on the devices that it declares", run=devices, needs=("time",)),
)
