"""Documented modules at their old places go on working, with a warning that names the new place."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from priorbench import _moved

#: what plugins of version 0.1 took from each place, as far as it was documented
TAKEN = {
    "contract.experiments": ("Claim", "Experiment"),
    "hookspecs": ("hookimpl",),
    "images": ("Image", "ImageSet", "SkippedImage"),
    "levels": ("Level", "parse_level"),
    "measure": ("OneShot", "Iterative", "Together"),
    "metrics": ("psnr", "ssim"),
    "noise": ("NoiseModel",),
    "noise_models": ("Gaussian",),
    "observation": ("Observation", "NoiseDescriptor", "Iterate", "Operator", "Identity"),
    "operators": ("OperatorModel",),
    "records": ("Record", "Curve"),
    "registry": ("Registry",),
    "specs": ("DenoiserSpec", "SuiteSpec"),
    "stopping": ("StoppingRule", "Verdict", "Look", "Trajectory"),
    "stopping_rules": ("Fixed", "BestLoss", "Oracle"),
    "toolkit.least_squares": ("pseudo_inverse", "least_squares"),
    "trial": ("Trial", "record_key"),
}


def test_every_place_that_moved_is_tried() -> None:
    assert set(TAKEN) == set(_moved.MOVED)


@pytest.mark.parametrize("place", TAKEN)
def test_an_old_place_works_and_names_the_new_one(place: str) -> None:
    sys.modules.pop(f"priorbench.{place}", None)
    with pytest.warns(DeprecationWarning, match=f"is now 'priorbench.{_moved.MOVED[place]}'"):
        module = importlib.import_module(f"priorbench.{place}")
    for name in TAKEN[place]:
        value = getattr(module, name)
        assert getattr(importlib.import_module(value.__module__), name, value) is value


def test_a_module_that_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("priorbench.nowhere")
    with pytest.raises(AttributeError):
        _ = importlib.import_module("priorbench.stopping").NoSuchName


def test_the_warning_shows_the_line_that_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", "from priorbench.stopping import Verdict"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "<string>:1: DeprecationWarning" in done.stderr
