"""Fits of the fused engines have the same bits on every x86-64 processor with AVX2, on any number of threads.

The digests below were made on a processor with AVX-512. They are met by any other, with the same torch: it
draws the first weights and does Adam's steps.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("numba")

import fit_bits
import llvmlite.binding
from kernels import alone

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench.toolkit import engines
from priorbench.toolkit.fitting import Objective
from priorbench.toolkit.fused import vectors

MADE_WITH = "2.13"
DIGESTS = {
    "128 channels, colour": "3ea54e5757590490",
    "128 channels, grey": "5c1c94ba01e7c9ff",
    "512 channels": "c95a23fb10e5da2a",
    "20 channels": "7ec9516d21f31496",
    "before the activation": "7b228e61f240e0db",
    "nearest, convolve first": "77b2133b1d99a8c0",
    "DIP": "3d2fa8de4a5cffab",
    "DIP, large": "330682eea6112c57",
    "DIP, other layers": "cf7731eed5decf67",
    "DIP without skips, averaged": "fda271d18abb7ac2",
    "ConvDecoder": "a4b02f46ce1df928",
    "ConvDecoder, other sizes": "3854018b746febd5",
}


def features_without_avx512() -> str:
    """Return what the processor can do, without AVX-512 and later: as an older processor has it."""
    features = llvmlite.binding.get_host_cpu_features()
    newer = ("avx512", "avx10", "amx", "avxvnni", "avxifma", "avxneconvert", "evex512", "egpr")
    has = {name: on and not name.startswith(newer) for name, on in features.items()}
    return ",".join(("+" if on else "-") + name for name, on in sorted(has.items()))


@pytest.mark.slow(200, first=True)
@pytest.mark.skipif("+avx512f" not in vectors.FEATURES, reason="the processor has no AVX-512 to do without")
def test_a_processor_without_avx512_does_not_change_a_bit(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    narrow = {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": features_without_avx512(),
        "NUMBA_CACHE_DIR": str(tmp_path),
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
    }

    def bits(**variables: str) -> dict[str, str]:
        command = [sys.executable, fit_bits.__file__, *fit_bits.FITS]
        environment = {**os.environ, **variables}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    narrowly = bits(**narrow)
    with alone(tmp_path_factory, "float32"):
        assert bits() == narrowly


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="promised on x86-64 alone")
@pytest.mark.skipif(not vectors.fuses(), reason="without fused multiply-add there is no fused engine")
@pytest.mark.skipif(
    not torch.__version__.startswith(f"{MADE_WITH}."),
    reason=f"the digests are of torch {MADE_WITH}, which takes part in a fit",
)
@pytest.mark.parametrize("name", DIGESTS)
def test_a_fit_has_the_bits_that_it_has_elsewhere(name, tmp_path_factory):
    before = torch.get_num_threads()
    try:
        with alone(tmp_path_factory, "float32"):
            found = [fit_bits.bits_of(fit_bits.FITS[name], threads=threads) for threads in (1, 2)]
    finally:
        torch.set_num_threads(before)
    assert found == [DIGESTS[name]] * 2


@pytest.mark.parametrize("masked", [False, True])
def test_a_loss_does_not_depend_on_the_number_of_threads(masked):
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(300, 301, generator=generator) < 0.5 if masked else None
    pairs = torch.rand((8, 2, 3, 300, 301), generator=generator)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append([loss_of(one, other, mask) for one, other in pairs])
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]
    residual = (pairs[:, 0].double() - pairs[:, 1])[..., mask if masked else slice(None)]
    assert found[0] == pytest.approx(residual.square().flatten(1).mean(1).tolist(), rel=1e-6)


def loss_of(one: torch.Tensor, other: torch.Tensor, mask: torch.Tensor | None) -> float:
    noisy = Observation(image=other, noise=None, device=torch.device("cpu"), seed=0, mask=mask)
    return Objective(noisy, torch.float32)(one).item()


def test_a_processor_without_fused_multiply_add_takes_plain(monkeypatch):
    monkeypatch.setattr(vectors, "FEATURES", frozenset({"+sse2", "+avx", "-fma"}))
    cpu = torch.device("cpu")
    assert not engines.use_fused("auto", cpu)
    assert not engines.use_fused("plain", cpu)
    with pytest.raises(PriorbenchError, match="fused multiply-add"):
        engines.use_fused("fused", cpu)
