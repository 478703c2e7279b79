"""Plant methods that are slower, take more memory or are worse: `make regressions` finds each and no other.

    python tests/benchmarks/planted_regressions.py                   # all: some minutes
    python tests/benchmarks/planted_regressions.py slower unchanged  # some

In a scratch clone a plugin with one small method is committed, then one change to it on a branch of its own:
30 % more time, 30 % more memory, 0.3 dB less, or nothing but a comment. Run by hand, on a quiet machine.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = '''"""A method with a known cost."""

from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers():
    """Yield it."""
    yield DenoiserSpec(name="planted", factory="priorbench_planted.model:Planted", summary="3 x 3 mean")
'''
MODEL = '''"""A method with a known cost."""

import torch

PASSES = 100
MEBIBYTES = 60
ERROR = 0.0


class Planted:
    """A 3 x 3 mean, taken many times over, beside an array that is of no use."""

    def denoise(self, observation):
        """Return the mean, with a checkerboard of amplitude ERROR."""
        ballast = torch.ones(MEBIBYTES * 2**18)
        for _ in range(PASSES):
            mean = torch.nn.functional.avg_pool2d(
                observation.image[None], 3, stride=1, padding=1, count_include_pad=False
            )[0]
        height, width = mean.shape[1:]
        sign = (-1.0) ** (torch.arange(height)[:, None] + torch.arange(width))
        return mean + ERROR * sign * ballast[0]
'''
AUTHOR = ("-c", "user.name=planted", "-c", "user.email=planted@example.org")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plant:
    """A change of the method, and the words by which it has to be found; none = nothing may be found."""

    old: str
    new: str
    words: str = ""


PLANTS = {
    "slower": Plant(
        old="PASSES = 100", new="PASSES = 130", words=r"slower: .*Speed.time_denoise\('planted'\)"
    ),
    "more-memory": Plant(
        old="MEBIBYTES = 60",
        new="MEBIBYTES = 78",
        words=r"more memory: .*Memory.peakmem_denoise\('planted'\)",
    ),
    "worse": Plant(
        old="ERROR = 0.0",
        new="ERROR = 0.0124",
        words=r"worse: .*Quality.track_mse\('planted'\).*\(-0\.3\d dB\)",
    ),
    "unchanged": Plant(old="import torch\n", new="import torch  # as before\n"),
}


def main() -> int:
    """Plant what the command line names and look for it."""
    parser = argparse.ArgumentParser(description="Prove that regressions are found, and only regressions.")
    parser.add_argument("plants", nargs="*", metavar="PLANT", help=f"of {', '.join(PLANTS)} (default: all)")
    parser.add_argument(
        "--bench", default=r"\('planted'\)", help="benchmarks to compare (default: the method's)"
    )
    options = parser.parse_args()
    wrong = [name for name in options.plants if name not in PLANTS]
    if wrong:
        parser.error(f"there is no plant '{wrong[0]}': choose among {', '.join(PLANTS)}")
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder) / "clone")
        passed = [found(clone, name, options.bench) for name in options.plants or PLANTS]
    return 0 if all(passed) else 1


def make_clone(clone: Path) -> Path:
    """Clone this repository, commit the plugin, and plant each change on a branch of its own."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(clone))
    git(clone, "checkout", "--quiet", "-b", "base")
    package = clone / "plugins" / "priorbench_planted"
    package.mkdir()
    (package / "__init__.py").write_text(PLUGIN)
    (package / "model.py").write_text(MODEL)
    project = clone / "pyproject.toml"
    points = "[project.entry-points.priorbench]\n"
    project.write_text(project.read_text().replace(points, f'{points}planted = "priorbench_planted"\n'))
    commit(clone, "A method with a known cost")
    for name, plant in PLANTS.items():
        git(clone, "checkout", "--quiet", "-b", name, "base")
        (package / "model.py").write_text(MODEL.replace(plant.old, plant.new))
        commit(clone, name)
    return clone


def found(clone: Path, name: str, bench: str) -> bool:
    """Compare a branch with the base; say whether what is planted was found and nothing else."""
    git(clone, "checkout", "--quiet", name)
    environment = Path(sys.prefix)
    command = ["make", "--silent", "regressions", f"VENV={environment}", "BASE=base"]
    command += ["-o", f"{environment}/.installed-dev"]  # this environment is used as it is
    command += [f"BENCH={bench.replace('$', '$$')}"]
    start = time.monotonic()
    run = subprocess.run(command, cwd=clone, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - start
    alarms = re.findall(r"^(?:slower|more memory|worse|costlier|broken): .*", run.stdout, re.MULTILINE)
    words = PLANTS[name].words
    if words:
        right = run.returncode != 0 and len(alarms) == 1 and re.match(words, alarms[0]) is not None
    else:
        right = run.returncode == 0 and not alarms
    print(f"{'as it should be' if right else 'WRONG'}: {name}, exit status {run.returncode}, {seconds:.0f} s")
    print("".join(f"    {line}\n" for line in run.stdout.splitlines()), end="", flush=True)
    return right


def commit(clone: Path, message: str) -> None:
    """Commit everything."""
    git(clone, "add", "--all")
    git(clone, *AUTHOR, "commit", "--quiet", "--message", message)


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
