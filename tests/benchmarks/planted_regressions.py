"""Plant changes of a method: `make regressions` finds each and no other.

    python tests/benchmarks/planted_regressions.py                   # all: some minutes
    python tests/benchmarks/planted_regressions.py slower unchanged  # some

In a scratch clone a plugin with one small method is committed, then one change to it on a branch of its own:
30 % more time, 30 % more memory, 0.3 dB less, or nothing but a comment. Or the method comes, goes, gets
another name, raises, or its plugin cannot be loaded. Run by hand, on a quiet machine, after
`make benchmark-check`.
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
NAME, OTHER_NAME = 'name="planted"', 'name="a-planted"'
YIELD = next(line.strip() for line in PLUGIN.splitlines() if NAME in line)
#: what noise may say of a method that has not changed in this way
GOOD_LUCK = ("faster: ", "less memory: ")
AUTHOR = ("-c", "user.name=planted", "-c", "user.email=planted@example.org")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plant:
    """A change of the plugin, and what has to be said of it.

    Attributes
    ----------
    plugin, model : tuple[str, str], default ('', '')
        what is replaced by what, in the file with the hook and in the file with the method.
    lines : tuple[str, ...], default ()
        regular expressions of the lines that have to be told, in order; no other line may be.
    status : int, default 0
        exit status.
    """

    plugin: tuple[str, str] = ("", "")
    model: tuple[str, str] = ("", "")
    lines: tuple[str, ...] = ()
    status: int = 0


PLANTS = {
    "slower": Plant(
        model=("PASSES = 100", "PASSES = 130"),
        lines=(r"slower: .*Speed.time_denoise\('planted'\)",),
        status=1,
    ),
    "more-memory": Plant(
        model=("MEBIBYTES = 60", "MEBIBYTES = 78"),
        lines=(r"more memory: .*Memory.peakmem_denoise\('planted'\)",),
        status=1,
    ),
    "worse": Plant(
        model=("ERROR = 0.0", "ERROR = 0.0124"),
        lines=(r"worse: .*Quality.track_mse\('planted'\).*\(-0\.3\d dB\)",),
        status=1,
    ),
    "unchanged": Plant(model=("import torch\n", "import torch  # as before\n")),
    # its name comes before all others, so it shifts their places in asv's lists
    "added": Plant(
        plugin=(YIELD, f"{YIELD}\n    {YIELD.replace(NAME, OTHER_NAME)}"),
        lines=(r"added: a-planted \(\d benchmarks\)$",),
    ),
    "removed": Plant(plugin=(YIELD, "yield from ()"), lines=(r"removed: planted \(\d benchmarks\)$",)),
    "renamed": Plant(
        plugin=(NAME, OTHER_NAME),
        lines=(r"removed: planted \(\d benchmarks\)$", r"added: a-planted \(\d benchmarks\)$"),
    ),
    "broken": Plant(
        model=("ballast = ", "raise ValueError  # "),
        lines=(r"broken: planted: works at the base and fails now \(\d benchmarks\)$",),
        status=1,
    ),
    "unloadable": Plant(
        plugin=("from priorbench import ", "from priorbench import Nothing, "),
        lines=(r"broken: planted: its plugin cannot be loaded now: .*Nothing",),
        status=1,
    ),
}


def main() -> int:
    """Plant what the command line names and look for it."""
    parser = argparse.ArgumentParser(description="Prove that regressions are found, and only regressions.")
    parser.add_argument("plants", nargs="*", metavar="PLANT", help=f"of {', '.join(PLANTS)} (default: all)")
    parser.add_argument(
        "--bench", default=r"planted'\)", help="benchmarks to compare (default: the method's)"
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
        (package / "__init__.py").write_text(PLUGIN.replace(*plant.plugin) if all(plant.plugin) else PLUGIN)
        (package / "model.py").write_text(MODEL.replace(*plant.model) if all(plant.model) else MODEL)
        commit(clone, name)
    return clone


def found(clone: Path, name: str, bench: str) -> bool:
    """Compare a branch with the base; say whether what is planted was found and nothing else."""
    git(clone, "checkout", "--quiet", name)
    command = [sys.executable, "tests/tracking/regressions.py", "--base", "base", "--bench", bench]
    start = time.monotonic()
    run = subprocess.run(command, cwd=clone, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - start
    told = [line for line in run.stdout.splitlines()[:-1] if not line.startswith(GOOD_LUCK)]
    plant = PLANTS[name]
    right = run.returncode == plant.status and len(told) == len(plant.lines)
    right = right and all(map(re.match, plant.lines, told))
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
