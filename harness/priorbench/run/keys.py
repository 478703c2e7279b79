"""Keys: the hash of everything that determines a record; equal key = never run again."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.records import PROTOCOL
from priorbench.contract.specs import (
    DenoiserSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    Spec,
    StoppingRuleSpec,
)
from priorbench.contract.trial import Trial
from priorbench.loading.digests import code_digest, core_digest
from priorbench.loading.registry import Registered, Registry
from priorbench.machine.description import NUMERICAL, versions
from priorbench.machine.settings import KEEP_VARIABLE
from priorbench.protocol.seeding import salt_hash

#: fields of specs that say something of a thing, and change no result
_TOLD = frozenset({item.name for item in fields(Spec)} | {"trained_on", "higher_is_better"})


def record_key(trial: Trial, rule: Choice | None, provenance: Mapping[str, Any]) -> str:
    """Return the hash of everything that determines one record's result.

    Parameters
    ----------
    trial : Trial
        Its `keys` are not read.
    rule : Choice or None
        The stopping rule; None for a one-shot method.
    provenance : Mapping[str, Any]
        Versions and source digests of the code that is involved: see `Provenance`.
    """
    frame = KeyFrame(trial, rule, provenance)
    return frame.key(trial.image, trial.image_sha256, trial.noisy_sha256, trial.repetition)


class KeyFrame:
    """The keys of records that differ in nothing but image and repetition.

    A key is the sha256 of one JSON text, names sorted. What a hundred thousand records of a suite share of it
    is written and hashed once.

    Parameters
    ----------
    trial, rule, provenance : Trial or Choice or None or Mapping[str, Any]
        as for `record_key`; of any of the trials.
    """

    def __init__(self, trial: Trial, rule: Choice | None, provenance: Mapping[str, Any]) -> None:
        shared = {
            "protocol": PROTOCOL,
            "denoiser": [trial.denoiser.name, trial.denoiser.parameters],
            "image_set": trial.image_set.name,
            "operator": [trial.operator.name, trial.operator.parameters],
            "noise": [trial.noise.name, trial.noise.parameters],
            "salt": salt_hash(trial.salt),
            "stopping": None if rule is None else [rule.name, rule.parameters],
            "metrics": sorted(trial.metrics),
            "device": trial.device.partition(":")[0],
            "threads": trial.threads,
            "provenance": provenance,
            **({"product": trial.product} if trial.product else {}),
            **({"variables": variables} if (variables := worker_variables()) else {}),
            **({"files": files} if (files := _files(trial, rule)) else {}),
        }
        parts = {name: _json(value) for name, value in shared.items()}
        ends = ("image", "repetition", "~")
        before, between, after = (
            ",".join(f'"{name}":{parts[name]}' for name in sorted(parts) if low < name < high)
            for low, high in zip(("", *ends[:2]), ends, strict=True)
        )
        self._begun = hashlib.sha256(_bytes(f'{{{before},"image":'))
        self._between, self._after = _bytes(f',{between},"repetition":'), _bytes(f",{after}}}")

    def key(self, image: str, sha256: str, noisy_sha256: str, repetition: int) -> str:
        """Return the key of the record of an image and a repetition; see `Trial` for what they are."""
        text = _json([image, sha256, *([noisy_sha256] if noisy_sha256 else [])])
        digest = self._begun.copy()
        digest.update(_bytes(text) + self._between + b"%d" % repetition + self._after)
        return digest.hexdigest()[:32]


def worker_variables() -> str:
    """Return a hash of what `PRIORBENCH_WORKER_VARIABLES` names, as far as it is set; empty for nothing."""
    names = {name.strip() for name in os.environ.get(KEEP_VARIABLE, "").split(",")}
    told = {name: os.environ[name] for name in names if name in os.environ}
    return hashlib.sha256(_bytes(_json(told))).hexdigest()[:16] if told else ""


def _files(trial: Trial, rule: Choice | None) -> dict[str, str]:
    """Return the digests of the files whose absolute paths are values of parameters, by path."""
    chosen = (trial.denoiser, trial.operator, trial.noise, *([] if rule is None else [rule]))
    texts = {text for choice in chosen for text in _texts(choice.parameters)}
    found = ((text, _digest_of_file(text)) for text in sorted(texts) if text.startswith((os.sep, "~")))
    return {text: digest for text, digest in found if digest}


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _digest_of_file(text: str) -> str:
    """Return the digest of a file; empty where there is none, or none that can be read."""
    try:
        path = Path(text).expanduser()
        if not path.is_file():
            return ""
        about = path.stat()
        return _read_once(str(path), about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    except (OSError, ValueError, RuntimeError):  # too long for a name, a null character, nobody's home
        return ""


@functools.lru_cache(maxsize=256)
def _read_once(text: str, *_: int) -> str:
    with Path(text).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=list).encode


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


class Provenance:
    """Versions and source digests of all the code that determines a record.

    Parameters
    ----------
    registry : Registry
        Where the code of everything that takes part is found.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}

    def of(self, trial: Trial, rule: Choice | None) -> Mapping[str, Any]:
        """Return what the key of one record of a trial holds of its code.

        That is Python, the numerical libraries, the measured path of the core, and for the denoiser, the
        noise model, the operator, the stopping rule and each metric: its factory, the digest of its code, and
        the versions of the packages that it imports or requires; and its spec, where that is written in
        another package.
        """
        named = (
            (DenoiserSpec.kind, trial.denoiser.name),
            (NoiseSpec.kind, trial.noise.name),
            (OperatorSpec.kind, trial.operator.name),
            *(() if rule is None else ((StoppingRuleSpec.kind, rule.name),)),
            *((MetricSpec.kind, name) for name in sorted(trial.metrics)),
        )
        if named not in self._known:
            self._known[named] = self._of(named)
        return self._known[named]

    def versions(self, named: Iterable[tuple[str, str]]) -> Mapping[str, str | None]:
        """Return all versions that keys hold of things, (kind, name): of Python, and by distribution.

        What workers are given of the environment is among them, by its hash.
        """
        named = list(named)
        found = self._of(named)
        plugins = [self._registry.find(kind, name).plugin for kind, name in named]
        own = {one.distribution: one.version for one in plugins}
        installed = {name: version for name, version in own.items() if versions((name,))[name] == version}
        return {
            "python": found["python"],
            **versions(("priorbench",)),
            **found["software"],
            **installed,
            **found["packages"],
            KEEP_VARIABLE: worker_variables() or None,
        }

    def _of(self, named: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
        found = [self._registry.find(kind, name) for kind, name in named]
        specs = [entry.spec for entry in found if isinstance(entry.spec, Spec)]
        digests = [code_digest(spec.factory) for spec in specs]
        others = {name for spec in specs for name in spec.requires}
        others |= {name for digest in digests for name in digest.distributions}
        elsewhere = [
            _registered(entry)
            for entry, digest in zip(found, digests, strict=True)
            if not digest.holds(entry.plugin.module.partition(":")[0])
        ]
        return {
            "python": ".".join(platform.python_version_tuple()[:2]),
            "software": versions(NUMERICAL),
            "core": core_digest(),
            "plugin": [found[0].plugin.distribution, found[0].plugin.version],
            "code": [[spec.factory, digest.digest] for spec, digest in zip(specs, digests, strict=True)],
            "packages": versions(tuple(sorted(others))),
            **({"registered": elsewhere} if elsewhere else {}),
        }


def _registered(entry: Registered) -> list[Any]:
    """Return what a spec says that can change a result, such as whether a rule sees the clean image."""
    plain = (item.name for item in fields(entry.spec) if item.name not in _TOLD)
    values = ((name, getattr(entry.spec, name)) for name in plain)
    return [
        entry.spec.name,
        {name: dict(value) if isinstance(value, Mapping) else value for name, value in values},
    ]
