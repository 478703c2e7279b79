"""Processor time of one iteration of a network, on one thread: to compare two checkouts on a busy machine.

``python tests/benchmarks/processor_time.py dd-u 256 40`` fits 256 x 256 pixels for 40 iterations;
``--precision bfloat16`` does it in bfloat16, where the method can.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from functools import partial
from typing import Any

import torch

from priorbench import Observation
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

METHODS: dict[str, Any] = {
    "dd-u": DeepDecoder,
    "dd-o": partial(DeepDecoder, channels=512),
    "dip": DeepImagePrior,
    "conv-decoder": ConvDecoder,
}


def main() -> None:
    """Print the least and the median milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("size", type=int)
    parser.add_argument("iterations", type=int)
    parser.add_argument("--precision")
    given = parser.parse_args()
    chosen = {"precision": given.precision} if given.precision else {}
    torch.set_num_threads(1)
    image = torch.rand(3, given.size, given.size, generator=torch.Generator().manual_seed(0))
    noisy = Observation(image=image, noise=None, device=torch.device("cpu"), seed=5)
    fit = METHODS[given.method](**chosen).iterate(noisy)
    times = [time.process_time() for _ in itertools.islice(fit, given.iterations + 3)]
    steps = [1000 * (after - before) for before, after in itertools.pairwise(times[2:])]
    print(f"{given.method} {given.size}: least {min(steps):.2f}, median {statistics.median(steps):.2f} ms")


if __name__ == "__main__":
    main()
