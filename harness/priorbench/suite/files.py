"""Suites by name or path, and suites written out as YAML.

A relative path of an image set in a suite file is relative to the folder of the file; on the command line it
is relative to the working folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.specs import SuiteSpec
from priorbench.errors import RequestError, nearest_path, suggestion
from priorbench.loading.registry import Registry
from priorbench.loading.resources import package_file
from priorbench.suite.checking import OPTIONS_ALONE, SuiteText, check_suite
from priorbench.suite.model import Suite, SuiteOptions
from priorbench.suite.yaml_text import write_yaml

#: bytes of a suite's file; the shipped ones have some hundred
_LARGEST = 2**18


def load_suite(name_or_path: str, registry: Registry, overrides: SuiteOptions | None = None) -> Suite:
    """Return a checked suite.

    Parameters
    ----------
    name_or_path : str
        name of a registered suite, path of a YAML file, or ``-`` for options alone.
    registry : Registry
        what is installed.
    overrides : SuiteOptions or None, optional
        what the command line says.

    Returns
    -------
    Suite
        Every parameter resolved. A denoiser of a file whose optional package is missing is left out, and so
        is one of a registered suite whose plugin is not there; ``warnings`` says so. What an option names
        is never left out.

    Raises
    ------
    RequestError
        With every problem, one line each: place, reason, what is allowed, nearest name.
    """
    source = OPTIONS_ALONE if name_or_path == "-" else find_suite(name_or_path, registry)
    return check_suite(source, registry, overrides or SuiteOptions())


def find_suite(name_or_path: str, registry: Registry) -> SuiteText:
    """Return the text of a registered suite or of a file; a registered name wins over a file without suffix.

    Raises
    ------
    RequestError
        Where there is no such suite or file, or it cannot be read as UTF-8 text.
    """
    registered = registry.all("suite").get(name_or_path)
    if registered is not None and isinstance(registered.spec, SuiteSpec):
        spec = registered.spec
        return SuiteText(name=_resource_name(spec), text=_read_resource(spec), registered=True)
    text = _read_file(name_or_path, registry)
    return SuiteText(name=name_or_path, text=text, folder=Path(name_or_path).expanduser().parent)


def suite_yaml(suite: Suite) -> str:
    """Return a suite as YAML with every parameter written out.

    Loading it gives an equal suite, but for ``source``, ``warnings`` and ``remarks``.
    """
    return write_yaml(
        {
            "name": suite.name,
            "summary": suite.summary,
            "images": [_entry(choice) for choice in suite.images],
            "operators": [_entry(choice) for choice in suite.operators],
            "noises": [_entry(choice) for choice in suite.noises],
            "denoisers": [_entry(choice) for choice in suite.denoisers],
            "stopping": [_entry(choice) for choice in suite.stopping],
            "repetitions": suite.repetitions,
            "metrics": list(suite.metrics),
        }
    )


def _entry(choice: Choice) -> Any:
    if choice.label == choice.name and not choice.parameters:
        return choice.name
    return {choice.name: {"label": choice.label, **choice.parameters}}


def _resource_name(spec: SuiteSpec) -> str:
    return spec.resource.rpartition(":")[2].rpartition("/")[2]


def _read_resource(spec: SuiteSpec) -> str:
    name = _resource_name(spec)
    try:
        data = _limited(package_file(spec.resource))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RequestError([f"suite '{spec.name}' cannot be read from {spec.resource}: {reason}"]) from error
    return _decode(data, name)


def _limited(path: Path) -> bytes:
    """Return what a file holds; raise ValueError where it is larger than a suite, or no file at all."""
    if path.exists() and not path.is_dir() and not path.is_file():
        raise ValueError("it is a device or a pipe, not a file")
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST // 2**10} KiB, which no suite needs")
    return data


def _read_file(name: str, registry: Registry) -> str:
    path = Path(name).expanduser()
    try:
        return _decode(_limited(path), name)
    except FileNotFoundError as error:
        near = suggestion(path.stem, registry.all("suite"))
        if os.sep in name or path.suffix in (".yaml", ".yml"):
            near = nearest_path(path) or near
            raise RequestError([f"{name}: there is no such suite file{near}"]) from error
        message = f"unknown suite '{name}'{near}; or give the path of a YAML file, or '-' for options alone"
        raise RequestError([message]) from error
    except (OSError, ValueError, RuntimeError) as error:  # a folder, no permission, a null character, ~nobody
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RequestError([f"{name}: the suite file cannot be read: {reason}"]) from error


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name}:{line}: this is not UTF-8 text (byte 0x{data[error.start]:02x})"
        raise RequestError([message]) from error
