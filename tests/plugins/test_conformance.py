"""Every shipped method keeps the contract; networks are made small, which changes no line that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_methods import SMALL

from priorbench.loading.load import load_registry
from priorbench.loading.registry import missing_reason
from priorbench.testing import CheckOptions
from priorbench.testing.examination import Examination, find
from priorbench.testing.process import CheckHost

SHIPPED = [
    name
    for name, entry in load_registry().all("denoiser").items()
    if entry.plugin.distribution == "priorbench"
]
OTHERS = ["standard", "images", "operators", "stopping"]


@pytest.fixture(scope="module")
def host() -> Iterator[CheckHost]:
    with CheckHost() as host:
        yield host


def failures(host: CheckHost, name: str) -> list[str]:
    """Return what is wrong with whatever is called so and has all that it requires."""
    registry = load_registry()
    return [
        str(result)
        for named in find(registry, name)
        if not missing_reason(registry.find(named.kind, named.name).spec)
        for result in Examination(host, named, CheckOptions()).results()
        if result.status == "failed"
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_method_keeps_the_contract(host: CheckHost, name: str) -> None:
    reason = missing_reason(load_registry().find("denoiser", name).spec)
    if reason:
        pytest.skip(reason)
    assert not failures(host, f"{name}:{SMALL[name]}" if name in SMALL else name)


@pytest.mark.parametrize("plugin", OTHERS)
def test_shipped_noise_models_operators_rules_and_image_sets_keep_it_too(
    host: CheckHost, plugin: str
) -> None:
    assert not failures(host, plugin)
