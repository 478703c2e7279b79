"""Seeds by the protocol: a hash of what is denoised, so that every method sees the same noise.

A canonical string names image set (as registered, never a label), image, noise model without its level,
repetition and, unless it is the identity, the operator. Neither the method nor the level is in it. Its sha256
seeds numpy; Python's own `hash` and global generators are never used. The seed that a method is given is a
hash of its noisy image alone, so that it tells a method nothing that it does not have.

A *salt* is a secret that enters the seeds of noise and operators, so that nobody can prepare for a run that
verifies results: who knows only names cannot make its noise. Only a hash of it is ever kept. Without a salt
the strings, and every bit of noise, are those of everybody.
Numpy may change the stream of a Generator from one release to another (NEP 19): the tests hold golden
digests, and a change makes a new version of the protocol.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.errors import PriorbenchError

if TYPE_CHECKING:
    import numpy as np

#: first words of the canonical strings; a new rule gets a new version
NOISE_STREAM, METHOD_STREAM, OPERATOR_STREAM = "noise-v1", "method-v2", "operator-v1"
#: first words of what the published hash of a salt is of, and of seeds that a salt is in
SALT_HASH, SALTED = "salt-v1", "salted-v1"
#: bytes that a salt may have
SALT_BYTES = (16, 4096)


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A noise model or an operator as the seeds know it: without its level.

    Attributes
    ----------
    name : str
        The name that all presets of the model share.
    parameters : mapping
        The model's parameters, JSON values. One that changes no draw has its usual value.
    level : sequence of str
        Names of parameters that only say how strong the noise is, or how much is measured; they are left out,
        so that all levels share random numbers.
    """

    name: str
    parameters: Mapping[str, Any]
    level: Sequence[str] = ()

    def canonical(self) -> tuple[str, Mapping[str, Any]]:
        """Return the name, and the parameters without the levels."""
        kept = {name: value for name, value in self.parameters.items() if name not in self.level}
        return self.name, {name: _number(value) for name, value in kept.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingredients:
    """What the seeds of one problem are made of: everything that is denoised, and nothing of the method.

    Attributes
    ----------
    image_set : str
        Registered name of the image set. Two folders of pictures have one, ``folder``: images of one id
        share their random numbers.
    image : str
        Id of the image in its set.
    repetition : int
        Number of the draw, from 0.
    noise : Family
        The noise model.
    operator : Family or None
        The operator; None for the identity.
    salt : str, default ''
        The secret of a verifying run, hexadecimal; empty for the noise that everybody has.
    """

    image_set: str
    image: str
    repetition: int
    noise: Family
    operator: Family | None = None
    salt: str = field(default="", repr=False)


def noise_rng(of: Ingredients) -> np.random.Generator:
    """Return the generator that draws the noise of one image."""
    return generator(_entropy(_digest(NOISE_STREAM, of, of.noise, of.operator)))


def operator_entropy(of: Ingredients) -> int:
    """Return what seeds the operator of one image: a third stream, without the noise."""
    assert of.operator is not None, "the identity is not drawn"
    return _entropy(_digest(OPERATOR_STREAM, of, of.operator, None))


def method_seed(noisy_sha256: str) -> int:
    """Return the seed of the methods' own randomness for one noisy image.

    It depends on y alone: not on the method, so that renaming one, or adding a parameter, changes no result;
    and not on names, which would tell a method which image it has. Who has y can make the same seed.

    Parameters
    ----------
    noisy_sha256 : str
        `priorbench.contract.images.array_sha256` of y.

    Returns
    -------
    int
        In [0, 2**32): what torch, numpy and Python all take.
    """
    return int.from_bytes(_sha256([METHOD_STREAM, noisy_sha256])[:4], "big")


def _digest(stream: str, of: Ingredients, drawn: Family, further: Family | None) -> bytes:
    parts: list[Any] = [stream, of.image_set, of.image, *drawn.canonical(), of.repetition]
    if further is not None:
        parts.append(further.canonical())
    return _sha256([SALTED, of.salt, parts] if of.salt else parts)


def salt_hash(salt: str) -> str:
    """Return what is published of a salt: 16 hexadecimal digits; an empty string where there is none."""
    return _sha256([SALT_HASH, salt]).hex()[:16] if salt else ""


def read_salt(path: Path | str) -> str:
    """Return the secret that a file holds, hexadecimal.

    Raises
    ------
    PriorbenchError
        If it is no ordinary file, cannot be read, or has too few or too many bytes.
    """
    low, high = SALT_BYTES
    advice = f"a salt is a file of {low} to {high} random bytes: head -c 32 /dev/urandom > salt"
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a pipe would wait, a device would never end
            raise PriorbenchError(f"salt {path}: it is no ordinary file; {advice}")
        with Path(path).open("rb") as file:
            secret = file.read(high + 1)
    except OSError as error:
        raise PriorbenchError(f"salt {path}: {error.strerror or error}; {advice}") from None
    if not low <= len(secret) <= high:
        has = f"more than {high}" if len(secret) > high else len(secret)
        raise PriorbenchError(f"salt {path}: it has {has} bytes; {advice}")
    return secret.hex()


def _sha256(parts: Sequence[Any]) -> bytes:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).digest()


def _entropy(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def generator(entropy: int) -> np.random.Generator:
    """Return the generator that a seed gives."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def _number(value: Any) -> Any:
    """Write 25 as 25.0, so that the two ways of writing a number give one seed."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
