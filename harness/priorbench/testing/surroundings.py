"""Records the state of a process (random generators, settings) to detect changes by a method."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from priorbench.machine.settings import WORKER_VARIABLES


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """A snapshot.

    Attributes
    ----------
    generators : Mapping[str, str]
        library -> digest of its global random generator.
    settings : Mapping[str, str]
        setting -> its value, as text.
    """

    generators: Mapping[str, str]
    settings: Mapping[str, str]


def surroundings() -> Surroundings:
    """Return the state of now."""
    return Surroundings(generators=_generators(), settings=_settings())


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names whose values differ."""
    return [name for name, value in after.items() if before.get(name) != value]


def _generators() -> dict[str, str]:
    found = {
        "random": repr(random.getstate()),
        "numpy.random": repr([np.asarray(part).tolist() for part in np.random.get_state()]),
        "torch": repr(torch.get_rng_state().tolist()),
    }
    if torch.accelerator.is_available() and (device := torch.accelerator.current_accelerator()):
        state = torch.get_device_module(device).get_rng_state()
        found[f"torch.{device.type}"] = repr(state.tolist())
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.items()}


def _settings() -> dict[str, str]:
    values: dict[str, object] = {
        "torch.get_num_threads()": torch.get_num_threads(),
        "torch.get_num_interop_threads()": torch.get_num_interop_threads(),
        "torch.is_grad_enabled()": torch.is_grad_enabled(),
        "torch.get_default_dtype()": torch.get_default_dtype(),
        "torch.get_default_device()": torch.get_default_device(),
        "torch.are_deterministic_algorithms_enabled()": torch.are_deterministic_algorithms_enabled(),
        "torch.get_float32_matmul_precision()": torch.get_float32_matmul_precision(),
        "torch.backends.cudnn.benchmark": torch.backends.cudnn.benchmark,
        "torch.backends.cudnn.deterministic": torch.backends.cudnn.deterministic,
        "torch.backends.cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
        "torch.backends.cuda.matmul.allow_tf32": torch.backends.cuda.matmul.allow_tf32,
        "numpy.geterr()": np.geterr(),
        "the working folder": Path.cwd(),
    }
    values |= {f"${name}": os.environ.get(name) for name in WORKER_VARIABLES}
    return {name: str(value) for name, value in values.items()}
