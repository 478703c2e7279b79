"""What checks say of slips that nothing raises for, or whose exception does not tell what is wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from priorbench import Observation
from priorbench.testing.advice import advice
from priorbench.testing.checks.iterates import iterates
from priorbench.testing.checks.state import determinism
from priorbench.testing.results import Finding, Skip

IMAGE = torch.zeros(3, 8, 8)
OBSERVATION = Observation(image=IMAGE, noise=None, device=torch.device("cpu"))


def asked(name: str) -> str:
    """Return the advice about an attribute that an observation has not."""
    with pytest.raises(AttributeError) as caught:
        getattr(OBSERVATION, name)
    return advice(caught.value)


@pytest.mark.parametrize("name", ["clean", "ground_truth", "gt", "reference", "target", "clean_image", "x"])
def test_who_looks_for_the_clean_image_is_told_that_methods_never_see_it(name: str) -> None:
    told = asked(name)
    assert told.startswith("a method never sees the clean image. Observation has: device, generator, image, ")


def test_another_name_gets_the_one_that_is_near() -> None:
    assert asked("img").startswith("'img' is nothing that Observation has: did you mean 'image'? ")
    assert asked("cleaner").startswith("'cleaner' is nothing that Observation has: ")


def looked_at(items: Any) -> Finding | Skip | None:
    made = SimpleNamespace(iterate=lambda observation: items)
    return iterates(
        SimpleNamespace(
            iterative=True,
            make=lambda: made,
            problems=SimpleNamespace(usual=lambda: OBSERVATION),
            setting=SimpleNamespace(options=SimpleNamespace(iterations=2)),
        )  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", [list, tuple])
def test_iterates_that_were_all_computed_at_once_are_a_warning(kind: type) -> None:
    found = looked_at(kind([IMAGE, IMAGE]))
    assert isinstance(found, Finding) and found.warning
    assert found.seen.startswith(f"iterate is not a generator: it returned a {kind.__name__}")


def test_an_iterator_of_any_sort_is_none_and_a_bad_iterate_comes_first() -> None:
    assert looked_at(iter([IMAGE, IMAGE])) is looked_at(image for image in [IMAGE]) is None
    bad = looked_at([IMAGE, IMAGE[0]])
    assert isinstance(bad, Finding) and not bad.warning and "at iterate 2" in bad.seen


def test_two_results_may_be_due_to_what_was_kept() -> None:
    second = SimpleNamespace(fault="", output=IMAGE + 1)
    found = determinism(SimpleNamespace(first=IMAGE, second=second))  # type: ignore[arg-type]
    assert found is not None
    assert found.mend.endswith("or something is kept from an earlier call: begin afresh in each")
