"""Which checks each kind of thing has to pass, and the subject that they look at."""

from __future__ import annotations

from collections.abc import Mapping

from priorbench.testing.checks import (
    around,
    experiment,
    image_set,
    inverse,
    iterates,
    metric,
    noise,
    noise_model,
    operator,
    operator_algebra,
    output,
    spec,
    state,
    stopping_rule,
    suite,
)
from priorbench.testing.results import Check
from priorbench.testing.subject import DenoiserSubject, Subject

#: kind (a key of `priorbench.contract.specs.KINDS`) -> its checks, in the order in which they are made
CHECKS: Mapping[str, tuple[Check, ...]] = {
    "denoiser": (
        *spec.CREDITS,
        *spec.CHECKS,
        spec.ABILITIES,
        spec.ARITHMETIC,
        *output.FIRST,
        *around.CHECKS,
        *output.OTHERS,
        *state.CHECKS,
        *noise.CHECKS,
        *inverse.CHECKS,
        *iterates.CHECKS,
    ),
    "image set": (spec.LICENCE, spec.OWN_CITATION, *spec.CHECKS, *image_set.CHECKS),
    "noise model": (spec.OWN_CITATION, *spec.CHECKS, *noise_model.CHECKS),
    "operator": (spec.OWN_CITATION, *spec.CHECKS, *operator.CHECKS, *operator_algebra.CHECKS),
    "stopping rule": (spec.OWN_CITATION, *spec.CHECKS, *stopping_rule.CHECKS),
    "metric": (spec.OWN_CITATION, *metric.CHECKS),
    "experiment": (spec.CITATION, *spec.CHECKS, *experiment.CHECKS),
    "suite": suite.CHECKS,
}

#: kind -> what its checks are given
SUBJECTS: Mapping[str, type[Subject]] = {
    "denoiser": DenoiserSubject,
    "image set": image_set.ImageSetSubject,
    "noise model": noise_model.NoiseSubject,
    "operator": operator.OperatorSubject,
    "stopping rule": stopping_rule.RuleSubject,
    "metric": metric.MetricSubject,
    "experiment": Subject,
    "suite": suite.SuiteSubject,
}
