"""Records of schema 1, from before there were requests: each carried the labels of its suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.records import SCHEMA
from priorbench.contract.requests import AskedSet, Request, digest_of


def is_earlier(values: Mapping[str, Any]) -> bool:
    """Say whether a record's JSON form is of schema 1."""
    return bool(values.get("schema", SCHEMA) == 1)


def fact_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema 1 as a fact of today.

    It kept no registered names of image set, noise, operator and rule: their labels stand for them.
    """
    fact = {name: value for name, value in values.items() if name != "label"}
    return fact | {"schema": SCHEMA, "code": _code(values)}


def request_of(values: Mapping[str, Any]) -> Request:
    """Return the request that a record answers by its own names.

    That is what is known of a record of schema 1, and of a fact that no request names. Records of different
    code or parameters answer different versions of it.
    """
    rule = values.get("stopping_rule")
    earlier = is_earlier(values)
    return Request(
        suite="",
        denoiser=Choice(
            name=values["denoiser"],
            label=values["label"] if earlier else values["denoiser"],
            parameters=values["parameters"],
        ),
        stopping=None if rule is None else _choice(values, "stopping_rule", "stopping_parameters"),
        image_set=AskedSet(label=values["image_set"], name="" if earlier else values["image_set"]),
        noise=_choice(values, "noise", "noise_parameters"),
        operator=_choice({"operator": DENOISING.name, **values}, "operator", "operator_parameters"),
        metrics=tuple(sorted(values.get("metrics") or {})),
        device=values.get("device", "cpu").partition(":")[0],
        threads=values.get("threads", 1),
        code=values.get("code") or _code(values),
        protocol=values.get("protocol", 1),
        salt=values.get("salt", ""),
    )


def _choice(values: Mapping[str, Any], name: str, parameters: str) -> Choice:
    label = values[name]
    known = not is_earlier(values) or label == DENOISING.label
    return Choice(name=label if known else "", label=label, parameters=values.get(parameters) or {})


def _code(values: Mapping[str, Any]) -> str:
    """Return what tells apart the code of two records of schema 1: what it kept of the plugin."""
    return digest_of([values["plugin_version"], values.get("plugin_source", "")])
