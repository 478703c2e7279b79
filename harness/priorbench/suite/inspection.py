"""Asks a child process about a method: its parameters, and what it can do. Nothing of it is imported here.

So whatever a method's module does when it is imported, ends the interpreter, changes the working folder or
the environment, prints, it does not do to the process that runs the others.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.machine.settings import import_path, inherited, worker_environment
from priorbench.parameters.values import ParameterProblems

#: bytes of an answer; the longest parameters have some thousand
_LONGEST = 2**24
#: seconds that importing a method may take
PATIENCE = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What a method has.

    Attributes
    ----------
    iterative : bool
        ``iterate``: a stopping rule chooses the iterate.
    together : bool
        ``iterate_together``: it can fit several images at once.
    """

    iterative: bool
    together: bool


def abilities(spec: DenoiserSpec) -> Abilities:
    """Return what a method can do: what its spec says, or what a child process finds.

    Raises
    ------
    PriorbenchError
        Where the child cannot import the factory.
    """
    if spec.iterative is False:
        return Abilities(iterative=False, together=False)
    if spec.iterative is not None and spec.together is not None:
        return Abilities(iterative=spec.iterative, together=spec.together)
    found = _asked("abilities", spec)
    return Abilities(
        iterative=found["iterative"] if spec.iterative is None else spec.iterative,
        together=found["together"] if spec.together is None else spec.together,
    )


def check_imports(spec: DenoiserSpec) -> None:
    """Raise `PriorbenchError` with the reason where the factory cannot be imported."""
    _asked("abilities", spec)


def resolved_parameters(spec: DenoiserSpec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return every parameter of a method, checked and completed: see `priorbench.parameters.values.resolve`.

    Raises
    ------
    ParameterProblems
        With everything that is wrong with what was given.
    PriorbenchError
        Where the factory cannot be imported, or declares its parameters badly.
    """
    parameters: Mapping[str, Any] = _asked("resolve", spec, given=dict(given))["parameters"]
    return parameters


def listed_parameters(spec: DenoiserSpec) -> list[dict[str, Any]]:
    """Return name, type, default and summary of each parameter of a method.

    Raises
    ------
    PriorbenchError
        Where the factory cannot be imported, or declares its parameters badly.
    """
    parameters: list[dict[str, Any]] = _asked("list", spec)["parameters"]
    return parameters


def _asked(question: str, spec: DenoiserSpec, **more: Any) -> Mapping[str, Any]:
    request = json.dumps({"question": question, "spec": asdict(spec), **more}, default=str)
    answer = _inspector(import_path()).ask(request, spec.factory)
    if "problems" in answer:
        raise ParameterProblems(answer["subject"], [tuple(pair) for pair in answer["problems"]])
    if "error" in answer:
        raise PriorbenchError(answer["error"])
    return answer


@functools.lru_cache(maxsize=1)
def _inspector(path: str) -> _Inspector:
    """Return the child of this process; another one where the import path has changed."""
    return _Inspector(path)


class _Inspector:
    """A child process that imports methods, started when it is first asked, ended with its parent."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        """End the child."""
        self._end()

    def ask(self, request: str, factory: str) -> Mapping[str, Any]:
        """Return the child's answer; what ends the child, or silences it, is an answer too."""
        with self._lock:
            try:
                process = self._running()
                assert process.stdin is not None
                process.stdin.write(request.encode() + b"\n")
                process.stdin.flush()
                line = _line(process, PATIENCE)
            except (OSError, TimeoutError) as error:
                self._end()
                late = isinstance(error, TimeoutError)
                reason = f"does not end in {PATIENCE:g} s" if late else "ends the process that does it"
                return {"error": f"importing {factory} {reason}"}
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(answer := json.loads(line), dict):
                return answer
        return {"error": f"importing {factory} writes into the answer"}

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "priorbench.suite.inspector"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**inherited(), **worker_environment(1), "PYTHONPATH": self._path},
                start_new_session=True,  # Ctrl-C reaches the parent alone
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Return the next line of the child; raise OSError at its end, TimeoutError where none comes."""
    assert process.stdout is not None
    descriptor, buffer = process.stdout.fileno(), b""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not buffer.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            chunk = os.read(descriptor, 1 << 16)
            if not chunk or len(buffer) > _LONGEST:
                raise BrokenPipeError
            buffer += chunk
    return buffer
