"""The protocol's own noise models, operator, metrics, stopping rules and executors, as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.contract.hookspecs import hookimpl
from priorbench.contract.specs import ExecutorSpec, MetricSpec, NoiseSpec, OperatorSpec, StoppingRuleSpec

_MODELS = "priorbench.standard.noise_models"
_FOI_2008 = (
    "A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, Practical Poissonian-Gaussian noise modeling and "
    "fitting for single-image raw-data, IEEE Transactions on Image Processing 17 (2008)"
)
_WANG_2004 = (
    "Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, Image quality assessment: from error visibility "
    "to structural similarity, IEEE Transactions on Image Processing 13 (2004)"
)
_HECKEL_2020 = (
    "R. Heckel, M. Soltanolkotabi, Denoising and regularization via exploiting the structural bias of "
    "convolutional generators, ICLR 2020"
)


@hookimpl
def priorbench_noise_models() -> Iterator[NoiseSpec]:
    """Yield Gaussian noise with its usual levels, and the signal-dependent and impulse models."""
    yield from _gaussian()
    yield NoiseSpec(
        name="poisson",
        factory=f"{_MODELS}:Poisson",
        summary="photon noise, y = Poisson(a x) / a",
        level=("peak",),
        after_draw=("clip",),
    )
    yield NoiseSpec(
        name="poisson-gaussian",
        factory=f"{_MODELS}:PoissonGaussian",
        summary="photon and read-out noise, of variance a x + b",
        citation=_FOI_2008,
        level=("a", "b"),
        after_draw=("clip",),
    )
    yield NoiseSpec(
        name="speckle",
        factory=f"{_MODELS}:Speckle",
        summary="multiplicative Gaussian noise, y = x + s x w",
        level=("s",),
        after_draw=("clip",),
    )
    yield NoiseSpec(
        name="salt-and-pepper",
        factory=f"{_MODELS}:SaltPepper",
        summary="impulse noise: values replaced by 0 or 1",
        level=("fraction",),
    )
    yield NoiseSpec(
        name="given",
        factory="priorbench.standard.given:Given",
        summary="real noise: the noisy picture that the image set brings; nothing is drawn",
        given=True,
    )


@hookimpl
def priorbench_operators() -> Iterator[OperatorSpec]:
    """Yield the operator of denoising."""
    yield OperatorSpec(
        name="identity",
        factory="priorbench.standard.operators:IdentityModel",
        summary="denoising, y = x + noise",
    )


@hookimpl
def priorbench_metrics() -> Iterator[MetricSpec]:
    """Yield PSNR and SSIM."""
    yield MetricSpec(
        name="psnr", factory="priorbench.protocol.metrics:psnr", summary="peak signal-to-noise ratio, dB"
    )
    yield MetricSpec(
        name="ssim",
        factory="priorbench.protocol.metrics:ssim",
        summary="structural similarity, Gaussian window",
        citation=_WANG_2004,
    )


@hookimpl
def priorbench_stopping_rules() -> Iterator[StoppingRuleSpec]:
    """Yield the fixed budget, best training loss, and the oracle."""
    yield StoppingRuleSpec(
        name="fixed",
        factory="priorbench.standard.stopping_rules:Fixed",
        summary="the method's published budget of iterations",
        criterion=False,
    )
    yield StoppingRuleSpec(
        name="best-loss",
        factory="priorbench.standard.stopping_rules:BestLoss",
        summary="the iterate with the best training loss within the budget",
        citation=_HECKEL_2020,
        criterion=False,
        needs=("loss",),
    )
    yield StoppingRuleSpec(
        name="oracle",
        factory="priorbench.standard.stopping_rules:Oracle",
        summary="the iterate nearest to the clean image: a control, never ranked",
        oracle=True,
        criterion=False,
    )


@hookimpl
def priorbench_executors() -> Iterator[ExecutorSpec]:
    """Yield the executors for one machine."""
    yield ExecutorSpec(
        name="serial",
        factory="priorbench.executors.serial:SerialExecutor",
        summary="one trial after another",
    )
    yield ExecutorSpec(
        name="local",
        factory="priorbench.executors.local:LocalExecutor",
        summary="worker processes on this machine",
    )


def _gaussian() -> Iterator[NoiseSpec]:
    factory = f"{_MODELS}:Gaussian"
    yield NoiseSpec(
        name="gaussian",
        factory=factory,
        summary="white Gaussian noise of any level, independent or equal in the channels, clipped or not",
        family="gaussian",
        level=("sigma",),
        after_draw=("clip",),
    )
    for sigma in (15, 25, 50):
        for suffix, clip, words in (("", False, "unclipped"), ("-clipped", True, "clipped to [0, 1]")):
            yield NoiseSpec(
                name=f"gaussian-{sigma}{suffix}",
                factory=factory,
                summary=f"white Gaussian noise, sigma {sigma}/255, independent in the channels, {words}",
                preset={"sigma": f"{sigma}/255", "channels": "independent", "clip": clip},
                family="gaussian",
                level=("sigma",),
                after_draw=("clip",),
            )
