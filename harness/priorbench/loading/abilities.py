"""Finds out whether a denoiser is iterative and can fit several images at once, without importing it.

Its spec may say so; where it does not, a child process imports the factory and answers. So whatever a
method's module does when it is imported, it does not do to this process.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.rejection import describe
from priorbench.machine.settings import import_path

#: seconds that importing a method may take
_PATIENCE = 300


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
    if spec.iterative is not None and spec.together is not None:
        return Abilities(iterative=spec.iterative, together=spec.together)
    if spec.iterative is False:
        return Abilities(iterative=False, together=False)
    answer = json.loads(_asked(spec.factory))
    if "error" in answer:
        raise PriorbenchError(
            f"{spec.kind} '{spec.name}' cannot be loaded from {spec.factory}: {answer['error']}"
        )
    found = Abilities(**answer)
    return Abilities(
        iterative=found.iterative if spec.iterative is None else spec.iterative,
        together=found.together if spec.together is None else spec.together,
    )


@functools.cache
def _asked(factory: str) -> str:
    """Return the child's answer, JSON."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, factory],
            capture_output=True,
            text=True,
            errors="backslashreplace",
            env={**os.environ, "PYTHONPATH": import_path()},
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return json.dumps({"error": f"it is not imported after {_PATIENCE} s"})
    if done.stdout:
        return done.stdout
    return json.dumps({"error": f"the process that imports it ends with status {done.returncode}"})


def _answer(factory: str) -> str:
    module, _, attribute = factory.partition(":")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            made = getattr(importlib.import_module(module), attribute)
    except BaseException as error:
        return json.dumps({"error": describe(error)})
    found = Abilities(iterative=hasattr(made, "iterate"), together=hasattr(made, "iterate_together"))
    return json.dumps({"iterative": found.iterative, "together": found.together})


def main() -> None:
    """Answer for the factory that the command line names; what it prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    answers.write(_answer(sys.argv[1]))
    answers.flush()
    os._exit(0)  # threads and handlers that the module left behind have no say


if __name__ == "__main__":
    main()
