"""Several networks fitted at once: the same results, on the CPU and stacked for an accelerator."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from priorbench import Observation
from priorbench.toolkit.together import fit_stacked, fit_together
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

CPU = torch.device("cpu")
METHODS = {
    "deep decoder": lambda **how: DeepDecoder(channels=12, layers=3, **how),
    "deep decoder, plain": lambda **how: DeepDecoder(
        **{"channels": 12, "layers": 3, "engine": "plain", **how}
    ),
    "dip": lambda **how: DeepImagePrior(channels=6, input_channels=4, scales=2, **how),
    "conv-decoder": lambda **how: ConvDecoder(channels=6, layers=3, **how),
}


def observations(number: int = 3, shape: tuple[int, int, int] = (3, 24, 20)) -> list[Observation]:
    rng = np.random.default_rng(5)
    images = [torch.tensor(rng.random(shape), dtype=torch.float32) for _ in range(number)]
    masks = [torch.tensor(rng.random(shape[1:]) > 0.2) for _ in range(number)]
    return [
        Observation(image=image, noise=None, device=CPU, seed=seed, mask=mask)
        for seed, (image, mask) in enumerate(zip(images, masks, strict=True))
    ]


def unpacked(iterates):
    return [(it.output.clone(), float(it.loss), it.estimate().clone()) for it in iterates]


def taken(iterates, steps: int):
    """Return outputs, losses and estimates of the first steps."""
    return [
        (it.output.clone(), float(it.loss), it.estimate().clone()) for it in itertools.islice(iterates, steps)
    ]


@pytest.mark.parametrize("method", METHODS)
def test_networks_fitted_at_once_are_those_fitted_one_by_one(method):
    how = {"input_noise": 0.05, "averaging": 0.5}
    alone = [taken(METHODS[method](**how).iterate(one), 4) for one in observations()]
    threads = torch.get_num_threads()
    rows = itertools.islice(METHODS[method](**how).iterate_together(observations()), 4)
    for step, row in enumerate(rows):
        for image, iterate in enumerate(row):
            output, loss, estimate = alone[image][step]
            torch.testing.assert_close(iterate.output, output, rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(iterate.estimate(), estimate, rtol=1e-3, atol=1e-3)
            assert float(iterate.loss) == pytest.approx(loss, rel=1e-3)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("averaging", [0.0, 0.5])
@pytest.mark.parametrize("method", ["deep decoder", "dip", "conv-decoder"])
def test_stacked_networks_are_those_fitted_one_by_one(method, averaging):
    """What accelerators do, in double precision: the same numbers for fifteen steps of Adam."""
    made = METHODS[method](input_noise=0.05, averaging=averaging, engine="plain")

    def starts():
        return [double(made.untrained.begin(one)) for one in observations()]

    rows = list(itertools.islice(map(unpacked, fit_stacked(starts(), made.untrained.settings)), 15))
    for image, start in enumerate(starts()):
        for row, expected in zip(rows, taken(start.fit(made.untrained.settings), 15), strict=True):
            for got, wanted in zip(row[image], expected, strict=True):
                torch.testing.assert_close(
                    torch.as_tensor(got), torch.as_tensor(wanted), rtol=1e-7, atol=1e-9
                )


def double(start):
    return replace(start, network=start.network.double(), net_input=start.net_input.double())


def test_an_accelerator_gets_stacked_networks(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "priorbench.toolkit.together.fit_stacked", lambda starts, settings: seen.append(starts)
    )
    made = METHODS["conv-decoder"](engine="plain")
    begun = [made.untrained.begin(one) for one in observations()]
    starts = [replace(start, net_input=start.net_input.to("meta")) for start in begun]
    fit_together(starts, made.untrained.settings)
    assert seen == [starts]
