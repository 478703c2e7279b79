"""Between two barriers the threads of a team may work in any order, see `in_turn`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

in_turn = pytest.importorskip("in_turn")
vectors = pytest.importorskip("priorbench.toolkit.fused.vectors")

#: neighbours add what the others have written, behind a barrier or without one
NEIGHBOURS = """
import in_turn
in_turn.install()
import numpy as np
from priorbench.toolkit.fused.barrier import wait_for_all
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.team import ThreadTeam

@inner
def work(place, waits, values):
    values[0, place.thread] = 1
    if waits:
        wait_for_all(place)
    for thread in range(place.threads):
        values[1, place.thread] += values[0, thread]

for threads in in_turn.THREADS:
    team = ThreadTeam(threads)
    for waits in (True, False):
        values = np.zeros((2, threads), np.int64)
        team.share(work, waits, values)
        print(*values[1])
"""
FITS = ("20 channels", "before the activation", "nearest, convolve first")
CONVOLUTIONS = ("ConvDecoder", "ConvDecoder, other sizes", "DIP, large", "DIP, other layers")


def digests(folder: Path, *names: str) -> dict[str, list[str]]:
    """Return what `in_turn` prints, from code that is compiled here: elsewhere it has other barriers."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    command = [sys.executable, in_turn.__file__, *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_missing_barrier_is_seen(tmp_path: Path):
    (tmp_path / "neighbours.py").write_text(NEIGHBOURS)
    environment = {**os.environ, "PYTHONPATH": str(Path(in_turn.__file__).parent)}
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "compiled")
    command = [sys.executable, "neighbours.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    with_barrier, without = done.stdout.splitlines()[::2], done.stdout.splitlines()[1::2]
    assert with_barrier == ["1", "2 2", "3 3 3", "4 4 4 4", "5 5 5 5 5"]
    assert without == ["1", "1 2", "3 2 1", "1 2 3 4", "5 4 3 2 1"]


@pytest.mark.slow(60)
@pytest.mark.skipif(not vectors.fuses(), reason="without fused multiply-add there is no fused engine")
@pytest.mark.parametrize("names", [FITS, CONVOLUTIONS], ids=["deep decoder", "convolutions"])
def test_a_fit_has_the_same_bits_in_any_order(tmp_path: Path, names: tuple[str, ...]):
    for name, found in digests(tmp_path, *names).items():
        assert len(set(found)) == 1, name


@pytest.mark.slow(50)
@pytest.mark.skipif("+avx512bf16" not in vectors.FEATURES, reason="the processor has no AVX512-BF16")
@pytest.mark.parametrize("name", ["20 channels", "DIP, other layers"])
def test_so_has_one_with_rounded_factors(tmp_path: Path, name: str):
    assert len(set(digests(tmp_path, f"{name}, rounded")[f"{name}, rounded"])) == 1
