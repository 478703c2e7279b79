"""The paper as a plugin: its noise, its list of pictures and its table's suite."""

from __future__ import annotations

import importlib.resources
import re

from priorbench.contract.specs import NoiseSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory
from priorbench.parameters.values import resolve
from priorbench.suite.files import load_suite


def test_the_noise_is_equal_in_the_channels_and_clipped() -> None:
    spec = load_registry().find("noise model", "heckel2020").spec
    assert isinstance(spec, NoiseSpec) and spec.family == "gaussian" and spec.level == ("sigma",)
    parameters = resolve(spec, import_factory(spec), {})
    assert parameters == {"sigma": 25 / 255, "channels": "equal", "clip": True}


def test_the_list_has_the_hundred_pictures() -> None:
    text = importlib.resources.files("priorbench_heckel2020").joinpath("imagenet100.txt").read_text("utf-8")
    names = text.split()
    assert len(names) == len(set(names)) == 100
    assert names[0] == "ILSVRC2012_val_00019801.JPEG"
    assert all(re.fullmatch(r"ILSVRC2012_val_\d{8}\.JPEG", name) for name in names)
    assert max(int(name[15:23]) for name in names) == 20073


def test_the_suite_has_the_papers_crop_noise_and_methods() -> None:
    suite = load_suite("heckel2020-table1", load_registry())
    (images,) = suite.images
    assert images.name == "imagenet"
    assert (images.parameters["crop"], images.parameters["min_side"]) == (512, 513)
    assert images.parameters["list"] == "priorbench_heckel2020:imagenet100.txt"
    assert [noise.name for noise in suite.noises] == ["heckel2020"]
    methods = {choice.label: choice.parameters for choice in suite.denoisers}
    budgets = {label: given["iterations"] for label, given in methods.items() if "iterations" in given}
    assert budgets == {"dip": 1800, "deep-decoder-under": 3000, "deep-decoder-over": 1500}
    if "bm3d" in methods:  # left out, with a warning, where the package is not installed
        assert methods["bm3d-as-published"]["assume_independent"] is True
        assert methods["bm3d"]["assume_independent"] is False
    assert [rule.name for rule in suite.stopping] == ["best-loss", "fixed"]
