"""Our fits against the published code: one iteration and extra memory, measured in one interleaved run.

    python tests/benchmarks/against_official.py --decoder CHECKOUT --dip CHECKOUT --deepinv CHECKOUT
        [--case dd-u:256 ...]

CHECKOUT is a folder with MLI-lab/overparameterized_convolutional_generators, DmitryUlyanov/deep-image-prior
or deepinv/deepinv; nothing is fetched, nothing of theirs is changed. An iteration is forward
pass, mean squared error, backward pass and Adam; what their loops do besides (copies of the network, losses
that are only printed) is left out in their favour. Each implementation has a process of its own, with glibc's
allocator as shipped and with the settings that priorbench's workers have; the processes take turns, one
waits while another one works. Medians over rounds are printed, in wall time and, for a machine that others
use too, in processor time (then best with ``--threads 1``: threads that wait for each other burn it).
Memory is peak resident memory beyond that of the same process after two steps on a 64 x 64 image.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from priorbench import Observation
from priorbench.machine.settings import WORKER_VARIABLES

SIGMA = 0.1
#: side of the image that every process fits before its memory is looked at
SMALL = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A network to be measured: the published builder, its input, and our plugins' names.

    Attributes
    ----------
    checkout : str
        command line option with the published code.
    published : callable
        makes the published network from a checkout, for images of a size.
    input : callable
        channels, height and width of the input for an image of a size.
    ours : dict[str, tuple[str, dict[str, Any]]]
        names of our variants, each with a factory and its parameters.
    """

    checkout: str
    published: Callable[[str, int], torch.nn.Module]
    input: Callable[[int], tuple[int, int, int]]
    ours: dict[str, tuple[str, dict[str, Any]]]


def _decoder(channels: int, published: dict[str, Any], ours: dict[str, Any]) -> Network:
    def build(checkout: str, size: int) -> torch.nn.Module:
        return import_part(checkout, "include.decoder").decodernw(
            3, num_channels_up=[channels] * 5, **published
        )

    factory = "priorbench_deep_decoder.model:DeepDecoder"
    variants = {e: (factory, {"channels": channels, "engine": e, **ours}) for e in ("plain", "fused")}
    return Network(
        checkout="decoder",
        published=build,
        input=lambda size: (channels, size // 32, size // 32),
        ours=variants,
    )


def _skip(checkout: str, size: int) -> torch.nn.Module:
    widths = {f"num_channels_{way}": [128] * 5 for way in ("down", "up")}
    names = {"pad": "reflection", "upsample_mode": "bilinear"}
    return import_part(checkout, "models.skip").skip(32, 3, **widths, num_channels_skip=[4] * 5, **names)


def _conv_decoder(checkout: str, size: int) -> torch.nn.Module:
    return conv_decoder_class(checkout)(img_size=(3, size, size))


NETWORKS = {
    "dd-u": _decoder(128, {"upsample_first": False}, {}),
    "dd": _decoder(128, {"upsample_first": True}, {"order": "convolve-first"}),
    "dd-o": _decoder(
        512,
        {"upsample_first": True, "bn_before_act": True},
        {"order": "convolve-first", "normalise": "before-activation"},
    ),
    "dip": Network(
        checkout="dip",
        published=_skip,
        input=lambda size: (32, size, size),
        ours={"ours": ("priorbench_dip.model:DeepImagePrior", {"input_noise": 0.0})},
    ),
    "conv-decoder": Network(
        checkout="deepinv",
        published=_conv_decoder,
        input=lambda size: (256, 4, 4),
        ours={"ours": ("priorbench_conv_decoder.model:ConvDecoder", {})},
    ),
}


def import_part(checkout: str, name: str) -> Any:
    """Import one module of a checkout without its package's ``__init__``, which wants a GPU and more."""
    package, _, _ = name.partition(".")
    bare = types.ModuleType(package)
    bare.__path__ = [str(Path(checkout) / package)]
    sys.modules[package] = bare
    return importlib.import_module(name)


def conv_decoder_class(checkout: str) -> Any:
    """Define deepinv's ConvDecoder alone: its module imports the whole package, for other classes."""
    source = Path(checkout, "deepinv", "models", "dip.py").read_text()
    found = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "ConvDecoder"]
    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "np": numpy}
    names |= {"conv_nd": lambda dim: torch.nn.Conv2d, "batchnorm_nd": lambda dim: torch.nn.BatchNorm2d}
    exec(compile(ast.Module(body=list(found), type_ignores=[]), "dip.py", "exec", dont_inherit=True), names)
    return names["ConvDecoder"]


def published_steps(network: Network, checkout: str, size: int) -> Iterator[None]:
    """Fit the published network with the published optimiser, one step for each item."""
    net = network.published(checkout, size)
    z = torch.rand(1, *network.input(size)) * 0.1
    y = _image(size)[None]
    optimiser, mse = torch.optim.Adam(net.parameters(), lr=0.01), torch.nn.MSELoss()
    while True:
        optimiser.zero_grad()
        loss = mse(net(z), y)
        loss.backward()
        optimiser.step()
        yield


def our_steps(factory: str, parameters: dict[str, Any], size: int) -> Iterator[object]:
    """Fit one of our plugins' networks, one step for each item."""
    module, _, name = factory.partition(":")
    method = getattr(importlib.import_module(module), name)(**parameters)
    return method.iterate(Observation(image=_image(size), noise=None, device=torch.device("cpu")))


def _image(size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0, 1, size).expand(3, size, size)
    return ramp + SIGMA * torch.randn(3, size, size, generator=generator)


def serve(case: str, variant: str, checkout: str) -> None:
    """Be one of the processes: for each line, do this many iterations and answer with the seconds of one."""
    name, size = case.split(":")
    network = NETWORKS[name]

    def fit(size: int) -> Iterator[object]:
        if variant == "official":
            return published_steps(network, checkout, size)
        factory, parameters = network.ours[variant]
        return our_steps(factory, parameters, size)

    for _ in itertools.islice(fit(SMALL), 2):  # imports and compiles what is only found to be needed then
        pass
    steps = fit(int(size))
    baseline = _peak()
    for line in sys.stdin:
        start = time.perf_counter(), time.process_time()
        for _ in itertools.islice(steps, int(line)):
            pass
        wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
        answer = {"wall": wall / int(line), "cpu": cpu / int(line), "bytes": _peak() - baseline}
        print(json.dumps(answer), flush=True)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Process:
    """A process that waits for its turns."""

    def __init__(self, case: str, variant: str, checkout: str, *, tuned: bool, threads: int) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
        settings = {k: v.format(threads=threads) for k, v in WORKER_VARIABLES.items()}
        environment |= {k: v for k, v in settings.items() if tuned or not k.startswith("MALLOC_")}
        command = [sys.executable, __file__, "--serve", variant, "--case", case, "--checkout", checkout]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env=environment, **pipes)
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.bytes = 0
        self.run(2)
        self.wall.clear()
        self.cpu.clear()

    def run(self, iterations: int) -> None:
        """Do this many iterations and keep the mean time of one."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(iterations, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a measured process died; its message is above")
        answer = json.loads(line)
        self.wall.append(answer["wall"])
        self.cpu.append(answer["cpu"])
        self.bytes = answer["bytes"]

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(case: str, checkouts: dict[str, str | None], rounds: int, iterations: int, threads: int) -> None:
    """Measure one case and print a line for each implementation and allocator."""
    network = NETWORKS[case.split(":")[0]]
    checkout = checkouts[network.checkout]
    variants = (["official"] if checkout else []) + list(network.ours)
    keys = [(v, tuned) for tuned in (False, True) for v in variants]
    processes = {
        (v, tuned): Process(case, v, checkout or "", tuned=tuned, threads=threads) for v, tuned in keys
    }
    for _ in range(rounds):
        for process in processes.values():
            process.run(iterations)
    for variant, tuned in keys:
        process = processes[variant, tuned]
        wall, cpu = statistics.median(process.wall), statistics.median(process.cpu)
        line = f"{case:9s} {variant:9s} {'tuned' if tuned else 'default':8s}"
        line += f"{1000 * wall:9.1f} ms {1000 * cpu:9.1f} cpu-ms {process.bytes / 2**20:7.0f} MiB"
        if checkout and variant != "official":
            official = processes["official", tuned]
            line += f"   official / ours: {statistics.median(official.wall) / wall:5.2f} wall,"
            line += f" {statistics.median(official.cpu) / cpu:5.2f} cpu,"
            line += f" {official.bytes / max(process.bytes, 1):5.2f} memory"
        print(line, flush=True)
    for process in processes.values():
        process.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--decoder", help="checkout of MLI-lab/overparameterized_convolutional_generators")
    parser.add_argument("--dip", help="checkout of DmitryUlyanov/deep-image-prior")
    parser.add_argument("--deepinv", help="checkout of deepinv/deepinv")
    parser.add_argument("--case", action="append", help=f"{'|'.join(NETWORKS)}:size; may be repeated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=2, help="of each process in each round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--checkout", help=argparse.SUPPRESS)
    given = parser.parse_args()
    cases = given.case or [f"{name}:{size}" for name in NETWORKS for size in (64, 128, 256)]
    for case in cases:
        name, _, size = case.partition(":")
        if name not in NETWORKS or not size.isdigit() or int(size) % 32:
            parser.error(f"--case {case}: write one of {', '.join(NETWORKS)}, a colon and a multiple of 32")
    if given.serve:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        serve(cases[0], given.serve, given.checkout)
        return
    checkouts = {"decoder": given.decoder, "dip": given.dip, "deepinv": given.deepinv}
    for option, path in checkouts.items():
        if path and not Path(path).is_dir():
            parser.error(f"--{option}: there is no folder '{path}'")
    for case in cases:
        compare(case, checkouts, given.rounds, given.iterations, given.threads)


if __name__ == "__main__":
    main()
