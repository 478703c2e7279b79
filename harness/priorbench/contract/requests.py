"""What a run asked for, by name: the requests that boards show, each answered by records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.records import PROTOCOL


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedSet:
    """An image set as a run asked for it.

    Attributes
    ----------
    label : str
        What tables show.
    name : str
        Registered name; empty where it is not known, in stores from before there were requests.
    parameters : Mapping[str, Any], optional
        All parameters but a path, which is another one on each machine.
    choosing : tuple of str, default ()
        Names of the parameters that only choose among the images; all others change pixels.
    members : str, default ''
        For a folder of somebody's pictures, the digest of the ids of all of them, also of those that were not
        chosen. Empty where the name says what is in the set.
    count : int or None, optional
        How many ids these are.
    """

    label: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    choosing: tuple[str, ...] = ()
    members: str = ""
    count: int | None = None

    @property
    def cut(self) -> dict[str, Any]:
        """The parameters that change pixels."""
        return {name: value for name, value in self.parameters.items() if name not in self.choosing}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One method under one rule in one setting, as a run asked for it; records answer it, image by image.

    Attributes
    ----------
    suite : str
        Name of the suite.
    denoiser : Choice
        The method with its label and all parameters.
    stopping : Choice or None
        The stopping rule; None for a one-shot method.
    image_set : AskedSet
        The images.
    noise, operator : Choice
        What was done to them.
    metrics : tuple of str, default ()
        Metrics beyond PSNR and SSIM.
    device : str, default 'cpu'
        Kind of device, ``"cpu"`` or ``"cuda"``.
    threads : int, default 1
        CPU threads.
    code : str, default ''
        Digest of all code and versions that the keys of the answers hold.
    bare : str, default ''
        The same digest without the metrics; empty where there are none, and where nobody noted it.
    protocol : int, optional
        Version of the rules of noise, clock and score.
    salt : str, default ''
        Hash of the secret of a verifying run; empty for the noise that everybody has.
    given : bool, default False
        The noise was not drawn: the noisy pictures are those that the image set brings.
    """

    suite: str
    denoiser: Choice
    stopping: Choice | None
    image_set: AskedSet
    noise: Choice
    operator: Choice = DENOISING
    metrics: tuple[str, ...] = ()
    device: str = "cpu"
    threads: int = 1
    code: str = ""
    bare: str = ""
    protocol: int = PROTOCOL
    salt: str = ""
    given: bool = False

    @property
    def version(self) -> str:
        """What tells apart answers that must not share a mean: parameters, metrics, code."""
        return digest_of([*self._method, self.metrics, self.code])

    @property
    def result(self) -> str:
        """What tells apart other results, whatever was measured of them; empty if unknown."""
        code = self.bare if self.metrics else self.code
        return digest_of([*self._method, code]) if code else ""

    @property
    def _method(self) -> list[Any]:
        rule = None if self.stopping is None else [self.stopping.name, self.stopping.parameters]
        return [self.denoiser.name, self.denoiser.parameters, rule]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One call of ``priorbench run``: when, and what was typed.

    Attributes
    ----------
    id : str
        Random, 16 hexadecimal digits.
    asked_at : str
        ISO 8601, UTC, with microseconds: texts sort by time.
    suite : str, default ''
        Name of the suite.
    source : str, default ''
        Text of the suite's file, or the command line that made it.
    options : Mapping[str, Any], optional
        What was added to the suite (device, threads, limit, shard), and how the run ended: see
        `priorbench.store.sharing.ends`.
    """

    id: str
    asked_at: str
    suite: str = ""
    source: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def digest_of(value: Any) -> str:
    """Return the sha256 of JSON values, 32 hexadecimal digits; the order of names does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=list)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def request_to_json(request: Request) -> dict[str, Any]:
    """Return a request as JSON values; what later versions added is left out where it says nothing."""
    values = asdict(request)
    return {name: value for name, value in values.items() if value or name not in ("bare", "salt", "given")}


def request_from_json(data: Mapping[str, Any]) -> Request:
    """Return the request that `request_to_json` wrote.

    Raises
    ------
    TypeError, KeyError
        If it is none.
    """
    values = dict(data)
    for name in ("denoiser", "noise", "operator"):
        values[name] = Choice(**values[name])
    values["stopping"] = None if values["stopping"] is None else Choice(**values["stopping"])
    asked = dict(values["image_set"])
    values["image_set"] = AskedSet(**asked | {"choosing": tuple(asked["choosing"])})
    values["metrics"] = tuple(values["metrics"])
    for name in ("bare", "salt"):
        if not isinstance(values.get(name, ""), str):
            raise TypeError(f"the field '{name}' is no text")
    if not isinstance(values.get("given", False), bool):
        raise TypeError("whether noise is given is neither true nor false")
    return Request(**values)
