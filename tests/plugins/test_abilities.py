"""What shipped methods say of themselves in their specs is all there, and true."""

from __future__ import annotations

import pytest

from priorbench.contract.specs import DenoiserSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory, missing_reason

DENOISERS = load_registry().all("denoiser")


@pytest.mark.parametrize("name", DENOISERS)
def test_a_spec_says_truly_whether_its_method_iterates(name: str) -> None:
    spec = DENOISERS[name].spec
    assert isinstance(spec, DenoiserSpec)
    if reason := missing_reason(spec):
        pytest.skip(reason)
    made = import_factory(spec)
    assert spec.iterative is hasattr(made, "iterate")
    assert bool(spec.together) is hasattr(made, "iterate_together")
    assert spec.together is not None or not spec.iterative
