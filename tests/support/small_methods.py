"""Shipped iterative methods, made small: which changes no line that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from priorbench import DenoiserSpec, Observation
from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory, missing_reason
from priorbench.parameters.signatures import declared_parameters
from priorbench.parameters.values import build, resolve
from priorbench.suite.resolution import choose

#: method -> parameters that make it quick
SMALL = {
    "dip": "channels=8,scales=3",
    "dip-demo": "channels=8,scales=3",
    "deep-decoder": "channels=16",
    "deep-decoder-under": "channels=16",
    "deep-decoder-over": "channels=16",
    "deep-decoder-coarse-to-fine": "channels=16",
    "conv-decoder": "channels=8,layers=4",
    "heckel2020-generator": "channels=8",
    "two-layer": "k=16",
    "wide-dip": "k=50",
}
CPU = torch.device("cpu")


def iterative_methods() -> Iterator[tuple[DenoiserSpec, str]]:
    """Yield the spec of each shipped iterative method, once for each of its engines ('' = it has none)."""
    for entry in load_registry().all("denoiser").values():
        spec = entry.spec
        if entry.plugin.distribution != "priorbench" or not spec.iterative or missing_reason(spec):
            continue
        engines = ("plain", "fused") if "engine" in declared_parameters(import_factory(spec)) else ("",)
        yield from ((spec, engine) for engine in engines)


def made(spec: DenoiserSpec, engine: str = "", **changes: Any) -> Any:
    """Make a small one, with some parameters that are others where it has them."""
    factory = import_factory(spec)
    small = f"{spec.name}:{SMALL[spec.name]}" if spec.name in SMALL else spec.name
    given = dict(choose(load_registry(), "denoiser", small).parameters)
    known = declared_parameters(factory)
    other = changes | ({"engine": engine} if engine else {})
    given |= {name: value for name, value in other.items() if name in known}
    return build(factory, resolve(spec, factory, given))


def observed(seed: int = 0, shape: tuple[int, int, int] = (3, 24, 20), **fields: Any) -> Observation:
    """Return an observation of noise."""
    image = torch.rand(*shape, generator=torch.Generator().manual_seed(seed))
    return Observation(**{"image": image, "noise": None, "device": CPU, "seed": seed} | fields)
