"""A process of one side that says what the side has. ``python -m priorbench.watch.survey``, JSON in and out.

It imports what the side imports, so that what it says of files is what a run of this side would use.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.digests import code_digest
from priorbench.loading.discovery import GROUP
from priorbench.loading.load import load_registry
from priorbench.loading.plugin_files import FILES_VARIABLE
from priorbench.loading.registry import Registered, Registry, missing_reason
from priorbench.loading.sources import plugin_sources
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions
from priorbench.watch.places import inside


def main() -> None:
    """Answer the request on standard input; what plugins print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    answers.write(json.dumps(_answer(request)))
    answers.flush()
    os._exit(0)  # threads and handlers that a module left behind have no say


def _answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        if "denoisers" in request:
            return _check(load_registry(), request)
        files = _broken_files()
        registry = load_registry()
        return {
            "methods": list(_methods(registry, request)),
            "plugins": [*_broken(registry), *files],
            "files": os.environ.get(FILES_VARIABLE, ""),
        }
    except PriorbenchError as error:
        return {"error": str(error)}


def _broken_files() -> list[dict[str, str]]:
    """Return the plugins of one file that cannot be loaded; the environment names only the others then.

    Where one is named that cannot be loaded, nothing is.
    """
    good, broken = [], []
    for file in filter(None, os.environ.get(FILES_VARIABLE, "").split(os.pathsep)):
        os.environ[FILES_VARIABLE] = file
        try:
            load_registry()
        except PriorbenchError as error:
            name = Path(file).stem
            broken.append({"name": name, "module": name, "file": file, "reason": str(error)})
        else:
            good.append(file)
    os.environ[FILES_VARIABLE] = os.pathsep.join(good)
    return broken


def _methods(registry: Registry, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the denoisers, but for those that come with priorbench."""
    root, folder = Path(request["root"]), Path(request["folder"])
    for name, entry in sorted(registry.all(DenoiserSpec.kind).items()):
        if entry.plugin.distribution != GROUP:
            yield {"name": name, **_described(entry, root, folder)}


def _described(entry: Registered, root: Path, folder: Path) -> dict[str, Any]:
    spec = entry.spec
    assert isinstance(spec, DenoiserSpec)
    module = spec.factory.partition(":")[0]
    files = [path.resolve() for path in plugin_sources(module).files.values()]
    try:
        code = code_digest(spec.factory).digest
    except PriorbenchError:
        code = ""
    return {
        "plugin": entry.plugin.name,
        "distribution": entry.plugin.distribution,
        "module": module,
        "file": _file(module),
        "code": code,
        "spec": repr(spec),
        "missing": missing_reason(spec) or "",
        "strays": [str(path) for path in files if inside(path, root) and not inside(path, folder)],
    }


def _file(module: str) -> str:
    """Return the file of a module; empty where there is none, or its package cannot be imported."""
    try:
        spec = importlib.util.find_spec(module)
    except (Exception, SystemExit):
        return ""
    return str(Path(spec.origin).resolve()) if spec and spec.has_location and spec.origin else ""


def _broken(registry: Registry) -> Iterator[dict[str, str]]:
    for plugin in registry.plugins:
        if plugin.status in ("broken", "conflict"):
            module = plugin.module.partition(":")[0]
            yield {"name": plugin.name, "module": module, "file": plugin.file, "reason": plugin.reason}


def _check(registry: Registry, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is wrong with each denoiser, and with all else that was asked for."""
    faults: dict[str, str] = {}
    problems: dict[str, None] = {}
    for text in request["denoisers"]:
        options = SuiteOptions(
            images=(request["images"],),
            noises=(request["noise"],),
            stopping=(request["stopping"],),
            denoisers=(text,),
        )
        try:
            load_suite("-", registry, options)
        except RequestError as error:
            place = f"{DenoiserSpec.option} '{text}': "
            own = [line.removeprefix(place) for line in error.problems if line.startswith(place)]
            problems |= dict.fromkeys(line for line in error.problems if not line.startswith(place))
            if own:
                faults[text] = "; ".join(own)
    return {"faults": faults, "problems": list(problems)}


if __name__ == "__main__":
    main()
