"""What a denoiser says of noise: blind or not, which models."""

from __future__ import annotations

from dataclasses import replace

from priorbench.errors import suggestion
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import DenoiserSubject


def blind(subject: DenoiserSubject) -> Finding | Skip | None:
    """Without --sigma, `priorbench denoise` gives no descriptor."""
    if subject.spec.needs_sigma:
        return Skip("it says that it needs sigma, so the harness refuses blind runs")
    fault = subject.failures({"noise=None": lambda: replace(subject.problems.usual(), noise=None)})
    return finding(
        fault,
        expected="a run without any knowledge of the noise works (needs_sigma=False)",
        mend="estimate the level (priorbench.toolkit.covariance.channel_covariance), or set needs_sigma=True",
    )


def noises(subject: DenoiserSubject) -> Finding | None:
    """Declared models must work; undeclared ones are refused by the harness."""
    families, declared = subject.problems.families(), subject.spec.noises
    if declared != "any":
        for name in declared:
            if name not in families and name not in subject.problems.given():
                return Finding(
                    expected="'noises' has families of installed noise models, or is \"any\"",
                    seen=f"'{name}'{suggestion(name, families)}",
                    mend="see the families with 'priorbench show NOISE'",
                )
    observations = {}
    for family, model in families.items():
        problem = subject.problems.problem(noise=model)
        if subject.problems.refusal(problem) is None:
            observations[family] = problem.problem.present
    fault = subject.failures(observations)
    return finding(
        fault,
        expected=f"every declared kind of noise is handled (noises={declared!r})",
        mend="mind that sigma and channel_covariance may be None; or list what it is meant for in 'noises'",
    )


CHECKS = (
    Check(name="blind", what="it runs without knowing the noise, where claimed", run=blind, needs=("time",)),
    Check(name="noises", what="every declared kind of noise works", run=noises, needs=("time",)),
)
