"""The two-layer theory models of two papers, as denoisers and as instruments, as a plugin.

* Convolutional generator of Heckel & Soltanolkotabi 2020: `generator`, `denoisers`, and `stopping`, a rule
  for them; its theory is in `basis`, `dual_kernel`, `jacobian`, `linearised`, `risk`, `bounds`, `closeness`
  and `lemmas`, and for any U in `dense`. `figures` has the data of the paper's figures, `systems` check
  values, both as functions of a seed.
* Wide deep inverse prior of Buskulic, Queau & Fadili 2023: `wide_dip`, with `wide_dip.experiments`.
"""

from __future__ import annotations

from collections.abc import Iterable

from priorbench import DenoiserSpec, StoppingRuleSpec, hookimpl

_HECKEL_2020 = (
    "R. Heckel and M. Soltanolkotabi, Denoising and Regularization via Exploiting the Structural Bias of "
    "Convolutional Generators, ICLR 2020"
)
_BUSKULIC_2023 = (
    "N. Buskulic, Y. Quéau and J. Fadili, Convergence Guarantees of Overparametrized Wide Deep Inverse "
    "Prior, SSVM 2023"
)


@hookimpl
def priorbench_denoisers() -> Iterable[DenoiserSpec]:
    """Yield the convolutional generator, its infinitely wide limit, and the wide deep inverse prior."""
    yield DenoiserSpec(
        name="two-layer",
        factory="priorbench_two_layer.denoisers:TwoLayer",
        summary="two-layer convolutional generator ReLU(U C) v by gradient descent: for small images",
        citation=_HECKEL_2020,
        licence="MIT",
        devices="any",
        stochastic=True,
        iterative=True,
        together=False,
    )
    yield DenoiserSpec(
        name="two-layer-linear",
        factory="priorbench_two_layer.denoisers:TwoLayerLinear",
        summary="its limit for infinite width in closed form: early-stopped linear least squares",
        citation=_HECKEL_2020,
        licence="MIT",
        devices="any",
        iterative=True,
        together=False,
    )
    yield DenoiserSpec(
        name="wide-dip",
        factory="priorbench_two_layer.wide_dip.solver:WideDeepInversePrior",
        summary="two-layer network V phi(W u) / sqrt(k), V random: a control without image prior",
        citation=_BUSKULIC_2023,
        licence="MIT",
        devices="any",
        stochastic=True,
        accepts_mask=True,
        accepts_operator=True,
        iterative=True,
        together=False,
    )


@hookimpl
def priorbench_stopping_rules() -> Iterable[StoppingRuleSpec]:
    """Yield the stopping time of the theory."""
    yield StoppingRuleSpec(
        name="theorem-1",
        factory="priorbench_two_layer.stopping:TheoremOne",
        summary="stopping time of Theorem 1, from the spectrum: for the two-layer models alone",
        citation=_HECKEL_2020,
        licence="MIT",
        needs=("denoising", "white-noise"),
    )
