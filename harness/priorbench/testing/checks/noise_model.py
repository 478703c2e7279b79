"""Noise models: the draw comes from the given generator alone, and the descriptor tells the truth."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.contract.noise import NoiseDescriptor, NoiseModel
from priorbench.contract.specs import NoiseSpec
from priorbench.parameters.values import ParameterProblems
from priorbench.testing.advice import told
from priorbench.testing.checks.spec import LEVEL
from priorbench.testing.observations import texture
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import Subject
from priorbench.testing.surroundings import changes, surroundings

#: picture for measurements: enough pixels for 2 % of a standard deviation
_SHAPE = (3, 96, 96)
#: how far a measured standard deviation may be from the stated one
_TOLERANCE = 0.1


class NoiseSubject(Subject):
    """A noise model."""

    spec: NoiseSpec

    @cached_property
    def clean(self) -> NDArray[np.float64]:
        """The picture that is made noisy, in [0.1, 0.9]."""
        return texture(_SHAPE).astype(np.float64)

    def draw(self, seed: int = 0) -> NDArray[np.float64]:
        """Return the picture with noise."""
        noisy: NDArray[np.float64] = self.make().corrupt(self.clean.copy(), np.random.default_rng(seed))
        return noisy


def draws(subject: NoiseSubject) -> Finding | Skip | None:
    """Clean goes in, noisy comes out."""
    if subject.spec.given:
        return Skip("it draws nothing: image sets bring its noisy pictures")
    seen = ""
    try:
        noisy = subject.draw()
        if not isinstance(noisy, np.ndarray) or noisy.dtype != np.float64:
            seen = str(getattr(noisy, "dtype", type(noisy).__name__))
        elif noisy.shape != _SHAPE:
            seen = f"shape {noisy.shape} for {_SHAPE}"
        elif not np.isfinite(noisy).all():
            seen = "values that are NaN or infinite"
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="corrupt(clean, rng) returns finite float64 values, shaped like clean",
        mend="see priorbench.contract.noise.NoiseModel; the harness casts to float32, once",
    )


def given_generator(subject: NoiseSubject) -> Finding | None:
    """Everybody gets the same noise because its seed is the protocol's."""
    before = surroundings().generators
    one, two, other = subject.draw(0), subject.draw(0), subject.draw(1)
    touched = changes(before, surroundings().generators)
    seen = ""
    if touched:
        seen = f"it draws from the global generator of {touched[0]}"
    elif not np.array_equal(one, two):
        seen = "one state of the generator gave two results"
    elif np.array_equal(one, other):
        seen = "two states of the generator gave one result"
    return finding(
        seen,
        expected="the noise is a function of the picture and the generator that corrupt is given",
        mend="use the methods of 'rng' only: rng.standard_normal(clean.shape)",
    )


def shared_draws(subject: NoiseSubject) -> Finding | Skip | None:
    """Levels are compared on the same random numbers; so are clipped and unclipped noise."""
    named = [*subject.spec.level, *subject.spec.after_draw]
    if not named:
        return Skip("its spec names neither a level nor a parameter of after_draw")
    usual = _end_of_draw(subject, subject.make())
    for name in named:
        for value in subject.other_values(name):
            try:
                other = subject.make(**{name: value})
            except ParameterProblems:
                continue  # it does not take that value
            if _end_of_draw(subject, other) != usual:
                return Finding(
                    expected="as many random numbers are drawn, whatever the parameters of 'level' and "
                    "'after_draw' are",
                    seen=f"with {name}={value!r} the generator ends in another state",
                    mend="draw normal or uniform numbers first, then make the noise of them; or take "
                    f"'{name}' out of the spec's lists: it is in the seed then",
                )
    return None


def _end_of_draw(subject: NoiseSubject, model: NoiseModel) -> Any:
    """Return the state of a generator after a draw."""
    rng = np.random.default_rng(0)
    model.corrupt(subject.clean.copy(), rng)
    return rng.bit_generator.state


def clean_unchanged(subject: NoiseSubject) -> Finding | None:
    """The score needs the clean picture afterwards."""
    clean = subject.clean.copy()
    subject.make().corrupt(clean, np.random.default_rng(0))
    return finding(
        "" if np.array_equal(clean, subject.clean) else "it was written to",
        expected="the clean picture is as it was",
        mend="return a new array: clean + noise",
    )


def descriptor(subject: NoiseSubject) -> Finding | None:
    """It is all that a method may know."""
    seen = ""
    try:
        found = subject.make().describe(subject.draw())
        family = subject.spec.family or subject.spec.name
        if not isinstance(found, NoiseDescriptor):
            seen = f"it returned {type(found).__name__}"
        elif found.family != family:
            seen = f"family '{found.family}', where the record says '{family}'"
        elif found.sigma is not None and not (math.isfinite(found.sigma) and found.sigma >= 0):
            seen = f"sigma={found.sigma}"
        elif found.channel_covariance is not None and np.shape(found.channel_covariance) != (3, 3):
            seen = f"a channel covariance of shape {np.shape(found.channel_covariance)} for 3 channels"
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="describe(noisy) returns a NoiseDescriptor of the record's family, with sigma >= 0 or None",
        mend="see priorbench.NoiseDescriptor",
    )


def sigma(subject: NoiseSubject) -> Finding | Skip | None:
    """A method that is told a wrong level loses for no fault of its own."""
    noisy = subject.draw()
    stated = subject.make().describe(noisy)
    if stated.sigma is None or stated.clipped:
        return Skip("the descriptor states no deviation" if stated.sigma is None else "its noise is clipped")
    measured = float(np.sqrt(np.mean((noisy - subject.clean) ** 2)))
    honest = abs(measured - stated.sigma) <= _TOLERANCE * max(measured, stated.sigma)
    return finding(
        "" if honest else f"it states {stated.sigma:.4g}, its noise has {measured:.4g}",
        expected="sigma is the standard deviation of the noise, on the 0..1 scale",
        mend="mind the scale (25/255, not 25), and that sigma is no variance",
    )


CHECKS = (
    LEVEL,
    Check(name="draws", what="it makes a picture noisy", run=draws, needs=("loads",)),
    Check(
        name="given-generator",
        what="it draws from the given generator alone",
        run=given_generator,
        needs=("draws",),
    ),
    Check(
        name="shared-draws",
        what="its levels share their random numbers",
        run=shared_draws,
        needs=("level", "given-generator"),
    ),
    Check(
        name="clean-unchanged", what="the clean picture is left alone", run=clean_unchanged, needs=("draws",)
    ),
    Check(name="descriptor", what="its descriptor is complete", run=descriptor, needs=("draws",)),
    Check(
        name="sigma",
        what="the standard deviation that it states is the one it has",
        run=sigma,
        needs=("descriptor",),
    ),
)
