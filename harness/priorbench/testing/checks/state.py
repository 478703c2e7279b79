"""Denoisers: the same input and seed give the same output; nothing is kept between images."""

from __future__ import annotations

from dataclasses import replace

import torch

from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import DenoiserSubject


def input_unchanged(subject: DenoiserSubject) -> Finding | None:
    """The harness compares the input afterwards, and records a failure."""
    observation = subject.problems.usual()
    before = observation.image.clone()
    subject.attempt(observation)
    if torch.equal(before, observation.image):
        return None
    return Finding(
        expected="observation.image is as it was",
        seen=f"it differs by up to {float((before - observation.image).abs().max()):.3g}",
        mend="work on observation.image.clone(); beware of in-place operations and of numpy() views",
    )


def determinism(subject: DenoiserSubject) -> Finding | None:
    """A result that cannot be repeated is no result."""
    fault = subject.second.fault or _difference(subject.first, subject.second.output)
    return finding(
        fault,
        expected="the same observation, with the same seed, gives the same bits",
        mend="draw every random number from observation.generator(); no clock, no global generator; or "
        "something is kept from an earlier call: begin afresh in each",
    )


def seeds(subject: DenoiserSubject) -> Finding | None:
    """`stochastic` tells evaluators whether repetitions differ."""
    observation = subject.problems.usual()
    run = subject.attempt(replace(observation, seed=observation.seed ^ 0x5EED))
    claims = subject.spec.stochastic
    differs = bool(run.fault) or not torch.equal(subject.first, run.output)
    if differs == claims:
        return None
    return Finding(
        expected=f"another seed gives {'another' if claims else 'the same'} result (stochastic={claims})",
        seen=run.fault or ("another result" if differs else "the same result"),
        mend="say stochastic=True in the spec of a method that draws from observation.generator() or "
        "observation.seed; otherwise find what differs from run to run",
    )


def fresh_state(subject: DenoiserSubject) -> Finding | None:
    """An image's score must not depend on the image before it."""
    method = subject.make()
    other = subject.attempt(subject.problems.usual(number=1), method)
    again = subject.attempt(subject.problems.usual(), method)
    fault = other.fault or again.fault or _difference(subject.first, again.output)
    return finding(
        fault,
        expected="image b after image a gives what b gives alone, also for one object",
        mend="make networks, averages and caches inside denoise or iterate, nowhere else",
    )


def mask(subject: DenoiserSubject) -> Finding | Skip | None:
    """Stopping by held-out pixels rests on it."""
    if not subject.spec.accepts_mask:
        return Skip("it does not say that it accepts a mask")
    observation, other = subject.problems.usual(), subject.problems.usual()
    seen = torch.ones(1, *observation.image.shape[1:], dtype=torch.bool, device=observation.device)
    seen[:, ::3, ::2] = False
    other.image[:, ~seen[0]] += 0.25
    one = subject.attempt(replace(observation, mask=seen))
    two = subject.attempt(replace(other, mask=seen))
    fault = one.fault or two.fault or _difference(one.output, two.output)
    return finding(
        fault,
        expected="pixels that the mask leaves out do not influence the output (accepts_mask=True)",
        mend="use the pixels where observation.mask is True only, or take 'accepts_mask' out of the record",
    )


def _difference(one: torch.Tensor, two: torch.Tensor) -> str:
    if one.shape == two.shape and torch.equal(one, two):
        return ""
    return f"outputs differ by up to {float((one - two).abs().max()):.3g}"


CHECKS = (
    Check(
        name="input-unchanged", what="observation.image is left alone", run=input_unchanged, needs=("time",)
    ),
    Check(name="determinism", what="one seed, one result, to the bit", run=determinism, needs=("time",)),
    Check(
        name="seeds", what="other seeds differ exactly where it says so", run=seeds, needs=("determinism",)
    ),
    Check(
        name="fresh-state",
        what="nothing is carried from one image to the next",
        run=fresh_state,
        needs=("determinism",),
    ),
    Check(name="mask", what="masked pixels do not count, where claimed", run=mask, needs=("time",)),
)
