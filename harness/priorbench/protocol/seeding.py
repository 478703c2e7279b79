"""Seeds by the protocol: a hash of what is denoised, so that every method sees the same noise.

A canonical string names image set, image, noise model without its level, repetition and, unless it is the
identity, the operator. Neither the method nor the level is in it. Its sha256 seeds numpy; Python's own `hash`
and global generators are never used.
Numpy may change the stream of a Generator from one release to another (NEP 19): the tests hold golden
digests, and a change makes a new version of the protocol.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

#: a family and its parameters
Model = tuple[str, Mapping[str, Any]]

#: first words of the canonical strings; a new rule gets a new version
NOISE_STREAM, METHOD_STREAM, OPERATOR_STREAM = "noise-v1", "method-v1", "operator-v1"


def noise_rng(
    image_set: str,
    image: str,
    family: str,
    parameters: Mapping[str, Any],
    level: Sequence[str],
    repetition: int,
    operator: Model | None = None,
) -> np.random.Generator:
    """Return the generator that draws the noise of one image.

    Parameters
    ----------
    image_set : label of the image set.
    image : id of the image in its set.
    family : name of the noise model that all its presets share.
    parameters : the model's parameters, JSON values.
    level : names of parameters that only scale the noise; left out, so that levels share random numbers.
    repetition : number of the draw, from 0.
    operator : family and parameters, without levels, of the operator; None for the identity.
    """
    model = _model(family, parameters, level)
    return _generator(_digest(NOISE_STREAM, image_set, image, *model, repetition, operator))


def operator_rng(image_set: str, image: str, operator: Model, repetition: int) -> np.random.Generator:
    """Return the generator that draws the operator of one image: a third stream.

    Parameters
    ----------
    image_set, image, repetition, operator : as for `noise_rng`.
    """
    return _generator(_digest(OPERATOR_STREAM, image_set, image, *operator, repetition))


def operator_model(family: str, parameters: Mapping[str, Any], level: Sequence[str]) -> Model:
    """Return what the seeds hold of an operator: its family, and its parameters without those in `level`."""
    return _model(family, parameters, level)


def method_seed(
    image_set: str,
    image: str,
    family: str,
    parameters: Mapping[str, Any],
    level: Sequence[str],
    repetition: int,
    operator: Model | None = None,
) -> int:
    """Return the seed of the methods' own randomness for one image: a second stream, apart from the noise.

    It does not depend on the method, so that renaming one, or adding a parameter, changes no result.
    The arguments are those of `noise_rng`.

    Returns
    -------
    int
        In [0, 2**32): what torch, numpy and Python all take.
    """
    model = _model(family, parameters, level)
    digest = _digest(METHOD_STREAM, image_set, image, *model, repetition, operator)
    return int.from_bytes(digest[:4], "big")


def _digest(
    stream: str,
    image_set: str,
    image: str,
    family: str,
    parameters: Mapping[str, Any],
    repetition: int,
    operator: Model | None = None,
) -> bytes:
    parts: list[Any] = [stream, image_set, image, family, parameters, repetition]
    if operator is not None:
        parts.append(operator)
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).digest()


def _generator(digest: bytes) -> np.random.Generator:
    import numpy as np

    entropy = np.random.SeedSequence(int.from_bytes(digest, "big"))
    return np.random.Generator(np.random.PCG64(entropy))


def _model(family: str, parameters: Mapping[str, Any], level: Sequence[str]) -> Model:
    return family, {name: _number(value) for name, value in parameters.items() if name not in level}


def _number(value: Any) -> Any:
    """Write 25 as 25.0, so that the two ways of writing a number give one seed."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
