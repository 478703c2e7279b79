"""How kernels are compiled: no old code is used, and code from disk does what fresh code does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kernels import alone

pytest.importorskip("numba")

CALLER = """
from callee import step
from priorbench.toolkit.fused.compiled import inner

@inner
def run(x):
    return step(x)

print(run(1), sum(run.stats.cache_hits.values()))
"""
CALLEE = """
from priorbench.toolkit.fused.compiled import inner

@inner
def step(x):
    return x + {number}
"""


def test_code_of_what_a_function_calls_is_never_old(tmp_path: Path):
    (tmp_path / "caller.py").write_text(CALLER)

    def run(number: int) -> str:
        (tmp_path / "callee.py").write_text(CALLEE.format(number=number))
        done = subprocess.run(
            [sys.executable, "caller.py"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert run(1) == "2 0"
    assert run(1) == "2 1"  # kept on disk
    assert run(100) == "101 0"
    assert run(100) == "101 1"


POINT = """
from typing import NamedTuple

class Point(NamedTuple):
    x: int
"""
USER = """
from {module} import Point
from priorbench.toolkit.fused.compiled import inner

@inner
def run(point):
    return point.x

print(run(Point(3)), sum(run.stats.cache_hits.values()))
"""


def test_code_on_disk_that_names_a_class_which_has_moved_is_compiled_again(tmp_path: Path):
    def run(module: str) -> str:
        (tmp_path / f"{module}.py").write_text(POINT)
        (tmp_path / "user.py").write_text(USER.format(module=module))
        command = [sys.executable, "user.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        (tmp_path / f"{module}.py").unlink()
        return done.stdout.strip()

    assert [run("old"), run("new"), run("new")] == ["3 0", "3 0", "3 1"]


FITS = """
import gc, hashlib, itertools, json, torch
from numba.core.dispatcher import Dispatcher
from priorbench import Observation
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

image = torch.rand(3, 48, 48, generator=torch.Generator().manual_seed(0))
noisy = Observation(image=image, noise=None, device=torch.device("cpu"), seed=1)
outputs = {}
for method in (
    DeepDecoder(channels=32, layers=3, engine="fused"),
    DeepImagePrior(channels=32, scales=3, engine="fused"),
    ConvDecoder(channels=32, layers=3, engine="fused"),
):
    steps = itertools.islice(method.iterate(noisy), 3)
    digests = [hashlib.sha256(step.output.numpy().tobytes()).hexdigest() for step in steps]
    outputs[type(method).__name__] = digests

def of_floats(statistics):
    return sum(count for signature, count in statistics.items() if "float32" in str(signature))

kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
loaded = sum(of_floats(f.stats.cache_hits) for f in kernels)
compiled = sum(of_floats(f.stats.cache_misses) for f in kernels)
print(json.dumps({"outputs": outputs, "compiled": compiled, "loaded": loaded}))
"""


def fitted(**environment: str) -> dict[str, Any]:
    """Return the digests of iterates, and how many kernels a process compiled and loaded for them."""
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", FITS], env=variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.slow(70, first=True)
def test_compiled_and_loaded_code_round_alike(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    """Where no kernels are on disk yet, those that this test compiles are the ones that all others use."""
    folder: dict[str, str] = {}
    with alone(tmp_path_factory, "float32"):
        compiled = fitted()
    if compiled["loaded"]:
        folder = {"NUMBA_CACHE_DIR": str(tmp_path)}
        compiled = fitted(**folder)
    loaded = fitted(**folder)
    assert (compiled["compiled"] > 0, compiled["loaded"]) == (True, 0)
    assert (loaded["loaded"] > 0, loaded["compiled"]) == (True, 0)
    assert compiled["outputs"] == loaded["outputs"]
