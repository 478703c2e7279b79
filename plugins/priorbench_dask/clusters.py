"""Clusters as files describe them: any class of dask.distributed or dask-jobqueue, and its size."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from distributed.deploy.cluster import Cluster

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.remote import one_line

#: where classes of clusters are looked for
_MODULES = ("distributed", "dask_jobqueue")
_SIZES = ("scale", "adapt")
_FORM = "write the name of a class with its arguments, as 'LocalCluster: {n_workers: 2}', and 'scale: 2'"


def read_cluster(path: Path) -> Mapping[str, Any]:
    """Return what a cluster file says.

    Raises
    ------
    PriorbenchError
        If it cannot be read, or does not name one class with its arguments.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriorbenchError(f"cluster file {path}: {error.strerror or error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PriorbenchError(f"cluster file {path} cannot be read: {one_line(error)}") from None
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise PriorbenchError(f"cluster file {path}: {_FORM}")
    names = [name for name in data if name not in _SIZES]
    if len(names) != 1 or not isinstance(data[names[0]] or {}, dict):
        raise PriorbenchError(f"cluster file {path} names {', '.join(names) or 'no class'}: {_FORM}")
    _check_size(path, data)
    return {"class": names[0], "arguments": data[names[0]] or {}, **{k: data[k] for k in _SIZES if k in data}}


def open_cluster(path: Path) -> Cluster:
    """Start the cluster that a file describes.

    Raises
    ------
    PriorbenchError
        Also if there is no such class, or it cannot be started.
    """
    wanted = read_cluster(path)
    known = dict(_classes())
    if wanted["class"] not in known:
        error = UnknownNameError("class of clusters", wanted["class"], known)
        raise PriorbenchError(f"cluster file {path}: {error}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as that another port than the usual one was taken
            cluster: Cluster = known[wanted["class"]](**wanted["arguments"])
    except Exception as error:  # whatever a job queue says
        raise PriorbenchError(
            f"cluster file {path}: {wanted['class']} cannot be started: {type(error).__name__}: "
            f"{one_line(error)}"
        ) from error
    try:
        if "scale" in wanted:
            cluster.scale(wanted["scale"])
        if "adapt" in wanted:
            # a run gives work to workers that are there: with none, none would ever come
            cluster.adapt(**{"minimum": 1, **wanted["adapt"]})
    except BaseException as error:
        cluster.close()
        if not isinstance(error, Exception):
            raise
        raise PriorbenchError(f"cluster file {path}: it cannot have that size: {one_line(error)}") from error
    return cluster


def _check_size(path: Path, data: Mapping[str, Any]) -> None:
    scale, adapt = data.get("scale", 1), data.get("adapt", {})
    if isinstance(scale, bool) or not isinstance(scale, int) or scale < 1:
        raise PriorbenchError(
            f"cluster file {path}: scale is {scale!r}: write a number of workers, 1 or more"
        )
    if not isinstance(adapt, dict) or adapt.get("minimum", 1) == 0:
        raise PriorbenchError(
            f"cluster file {path}: adapt is {adapt!r}: write it as {{minimum: 1, maximum: 8}}; at least one "
            "worker is there, since trials are given to workers that are"
        )
    if "scale" in data and "adapt" in data:
        raise PriorbenchError(f"cluster file {path}: write either scale or adapt, not both")


def _classes() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in _MODULES:
        try:
            members = vars(importlib.import_module(module))
        except ImportError:  # an extra of its own
            continue
        for name, value in members.items():
            if inspect.isclass(value) and issubclass(value, Cluster) and not name.startswith("_"):
                found.setdefault(name, value)
    return found
