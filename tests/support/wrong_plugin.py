"""A plugin of things that are wrong in one way each: name = the check that must find it."""

from __future__ import annotations

from typing import Any

from priorbench import (
    DenoiserSpec,
    ExperimentSpec,
    ImageSetSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    StoppingRuleSpec,
    SuiteSpec,
    hookimpl,
)

#: denoiser, named after its check -> fields of its record that are not the usual ones
DENOISERS: dict[str, dict[str, Any]] = {
    "licence": {"licence": ""},
    "citation": {"citation": ""},
    "summary": {"summary": "two\nlines"},
    "parameters": {},
    "loads": {},
    "process": {},
    "runs": {},
    "type": {},
    "shape": {},
    "finite": {},
    "time": {},
    "network": {},
    "files": {},
    "random-state": {"stochastic": True},
    "settings": {},
    "leftovers": {},
    "arithmetic": {"arithmetic": "precison"},
    "devices": {"devices": ("cpu", "gpu")},
    "scale": {},
    "grey": {},
    "colour": {},
    "odd-sizes": {"min_size": 2},
    "tiny-sizes": {},
    "flat-images": {"min_size": 2},
    "out-of-range": {},
    "input-unchanged": {},
    "determinism": {},
    "seeds": {"stochastic": True},
    "fresh-state": {},
    "mask": {"accepts_mask": True},
    "operator": {"accepts_operator": True},
    "blind": {"noises": ("gaussian",)},
    "noises": {},
    "budget": {},
    "iterates": {},
    "overwriting": {},
    "looking": {"stochastic": True},
    "next-output": {},
    "together": {},
    "loss": {},
}
#: the same for the other kinds
IMAGE_SETS = ("images", "pixels", "ids", "same-pixels", "unknown-id", "length", "limit", "noisy-pictures")
NOISES: dict[str, dict[str, Any]] = {
    "level": {"level": ("strenght",)},
    "draws": {},
    "given-generator": {},
    "shared-draws": {"level": ("width",)},
    "clean-unchanged": {},
    "descriptor": {},
    "sigma": {},
}
OPERATORS: dict[str, dict[str, Any]] = {
    "level": {"level": ("strenght",)},
    "draws": {},
    "measurement": {},
    "image": {},
    "precision": {},
    "linear": {},
    "adjoint": {},
    "differentiable": {},
    "given-generator": {},
    "input-unchanged": {},
    "measured": {},
    "pseudo-inverse": {},
}
METRICS: dict[str, dict[str, Any]] = {
    "loads": {},
    "scores": {},
    "equal": {},
    "repeatable": {},
    "input-unchanged": {},
    "direction": {"higher_is_better": True},
}
STOPPING_RULES = ("chooses", "ends", "fired", "hands-off", "repeatable")


def _named(module: str, prefix: str, check: str) -> dict[str, Any]:
    attribute = "".join(part.title() for part in check.split("-"))
    return {
        "name": f"wrong-{prefix}{check}",
        "factory": f"{module}:{attribute}",
        "summary": check,
        "citation": "unpublished",
        "licence": "MIT",
    }


#: suite, named after its check; each is a file, or none
SUITES = ("reads", "resolves", "complete")


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(**_named("wrong_methods", "", "nothing"))
    for check, fields in DENOISERS.items():
        yield DenoiserSpec(**(_named("wrong_methods", "", check) | fields))
    unseeded = _named("wrong_methods", "", "nothing") | {
        "name": "wrong-undeclared-noise",
        "noises": ("gausian",),
    }
    yield DenoiserSpec(**unseeded)
    mistaken = _named("wrong_methods", "", "nothing") | {"name": "wrong-abilities", "iterative": True}
    yield DenoiserSpec(**mistaken)
    yield DenoiserSpec(**(_named("wrong_methods", "", "undeclared-randomness")))
    yield DenoiserSpec(**(_named("wrong_methods", "", "no-method")))
    yield DenoiserSpec(**(_named("wrong_dependent", "", "dependencies")))
    yield DenoiserSpec(**(_named("wrong_methods", "", "not-there")))
    yield DenoiserSpec(**(_named("wrong_methods", "", "silent-exit")))
    yield DenoiserSpec(**(_named("wrong_methods", "", "declared-reuse") | {"reuses_output": True}))


@hookimpl
def priorbench_image_sets():
    for check in IMAGE_SETS:
        yield ImageSetSpec(**_named("wrong_image_sets", "set-", check), paired=check == "noisy-pictures")


@hookimpl
def priorbench_noise_models():
    for check, fields in NOISES.items():
        yield NoiseSpec(**_named("wrong_noises", "noise-", check), **fields)


@hookimpl
def priorbench_operators():
    for check, fields in OPERATORS.items():
        yield OperatorSpec(**_named("wrong_operators", "operator-", check), **fields)


@hookimpl
def priorbench_stopping_rules():
    for check in STOPPING_RULES:
        yield StoppingRuleSpec(**_named("wrong_rules", "rule-", check))


@hookimpl
def priorbench_metrics():
    for check, fields in METRICS.items():
        yield MetricSpec(
            **_named("wrong_metrics", "metric-", check), **({"higher_is_better": False} | fields)
        )


@hookimpl
def priorbench_experiments():
    yield ExperimentSpec(**_named("wrong_methods", "experiment-", "sizes"))
    yield ExperimentSpec(**_named("wrong_methods", "experiment-", "work"))


@hookimpl
def priorbench_suites():
    for check in SUITES:
        yield SuiteSpec(
            name=f"wrong-suite-{check}", resource=f"wrong_suites:{check}.yaml", summary=f"fails {check}"
        )
