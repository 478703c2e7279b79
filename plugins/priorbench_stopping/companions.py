"""The rules that ask for a companion: another fit of the same method with the same seed, on changed data."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import StoppingRuleSpec

_SURE = (
    "C. M. Stein, Estimation of the Mean of a Multivariate Normal Distribution, Annals of Statistics 9 "
    "(1981); S. Ramani, T. Blu and M. Unser, Monte-Carlo SURE: A Black-Box Optimization of "
    "Regularization Parameters for General Denoising Algorithms, "
    "IEEE Transactions on Image Processing 17 (2008)"
)


def companion_rules() -> Iterator[StoppingRuleSpec]:
    """Yield SURE by a twin trajectory, and pixel hold-out with and without a second fit."""
    yield StoppingRuleSpec(
        name="sure",
        factory="priorbench_stopping.sure:Sure",
        summary="least unbiased estimate of the risk; a twin fit gives the divergence: Gaussian noise only",
        citation=_SURE,
        licence="MIT",
        needs=("gaussian-noise", "denoising", "sigma"),
    )
    for name, factory, summary in (
        ("hold-out", "HoldOut", "least squared residual on pixels that are left out of the loss"),
        ("hold-out-refit", "HoldOutRefit", "as hold-out, then as many iterations with all pixels"),
    ):
        yield StoppingRuleSpec(
            name=name,
            factory=f"priorbench_stopping.hold_out:{factory}",
            summary=summary,
            licence="MIT",
            needs=("loss-mask", "white-noise", "denoising"),
        )
