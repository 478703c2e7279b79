"""The asv suite itself: it is found, it covers every method, and it measures under a worker's conditions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from conftest_support import command_environment

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "tests" / "benchmarks"

CONDITIONS = """
import json, os
import benchmarks, torch
names = ("OMP_NUM_THREADS", "MALLOC_MMAP_MAX_", "CUBLAS_WORKSPACE_CONFIG")
print(json.dumps({"threads": torch.get_num_threads(), "set": {name: os.environ[name] for name in names}}))
"""
QUALITY = """
from benchmarks.bench_methods import Quality
quality = Quality()
for name in ("identity", "tv"):
    quality.setup(name)
    print(repr(quality.track_mse(name)), repr(quality.track_psnr(name)))
"""


def python(code: str, **environment: str) -> str:
    """Run code that may import the suite, without the conditions of a worker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    kept["PYTHONPATH"] = str(SUITE.parent)
    return subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, text=True, check=True
    ).stdout


def discovered(folder: Path, environment: dict[str, str]) -> dict[str, dict[str, object]]:
    """Return the benchmarks that asv finds, by name."""
    script = "import sys; from asv.benchmark import main; main()"
    result = folder / "found.json"
    command = [sys.executable, "-c", script, "discover", str(SUITE), str(result)]
    subprocess.run(command, env=environment, cwd=folder, check=True)
    return {benchmark["name"]: benchmark for benchmark in json.loads(result.read_text())}


@pytest.mark.slow(12)
def test_every_registered_method_is_measured_whoever_ships_it(tmp_path: Path, example_site: Path) -> None:
    environment = command_environment(example_site)
    environment["ASV_PYTHONPATH"] = os.pathsep.join((str(example_site), str(ROOT / "harness")))
    found = discovered(tmp_path, environment)
    kinds = {
        "bench_methods.Speed.time_denoise": "time",
        "bench_methods.Memory.peakmem_denoise": "peakmemory",
        "bench_methods.Quality.track_mse": "track",
    }
    registered = json.loads(
        subprocess.run(
            [sys.executable, "-m", "priorbench", "list", "denoisers", "--format", "json"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    usable = sorted(repr(entry["name"]) for entry in registered if entry["usable"])
    assert len(usable) > 5
    for name, kind in kinds.items():
        assert found[name]["type"] == kind
        assert found[name]["params"] == [usable]


@pytest.mark.slow(25)
def test_all_commits_of_a_run_have_the_same_parameters_in_the_same_places(
    tmp_path: Path, example_site: Path
) -> None:
    agreed = json.dumps(["tv", "identity", "gone"])
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    environment = {**command_environment(example_site), "PRIORBENCH_BENCHMARK_METHODS": agreed}
    environment["ASV_PYTHONPATH"] = os.pathsep.join((str(example_site), str(ROOT / "harness")))
    with_more = discovered(one, environment)
    with_fewer = discovered(other, {**environment, "PRIORBENCH_PLUGINS": "standard"})
    assert with_more["bench_methods.Speed.time_denoise"]["params"] == [["'gone'", "'identity'", "'tv'"]]
    assert {name: found["params"] for name, found in with_more.items()} == {
        name: found["params"] for name, found in with_fewer.items()
    }


def test_a_history_has_the_methods_of_the_first_commit_for_all_commits(tmp_path: Path) -> None:
    code = """
import os, sys
sys.path.insert(0, sys.argv[1])
from checkout import Checkout
from pathlib import Path
root = sys.argv[2]
commit = Checkout.__new__(Checkout)
commit._build_root, commit._path, commit._suite = root, sys.argv[3], Path(root) / "tests" / "benchmarks"
commit._global_env_vars, commit._install_timeout = {}, 60
listing = ["-c", "import os; print(os.environ['PRIORBENCH_BENCHMARK_METHODS'])"]
print(commit.run(listing).strip())
os.environ["PRIORBENCH_PLUGINS"] = "standard"
print(commit.run(listing).strip())
"""
    arguments = [str(Path(__file__).parent), str(ROOT), str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if name != "PRIORBENCH_BENCHMARK_METHODS"}
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    assert first == second
    assert "tv" in json.loads(first)


def test_a_commit_without_a_method_skips_it() -> None:
    code = """
from benchmarks.bench_methods import Memory, MemoryReference, Quality, Speed
MemoryReference().peakmem_reference()
for suite in (Memory, Quality, Speed):
    assert suite.params == ["gone", "tv"]
    suite().setup("tv")
    try:
        suite().setup("gone")
    except NotImplementedError as error:
        print(error)
"""
    said = python(code, PRIORBENCH_BENCHMARK_METHODS=json.dumps(["tv", "gone"]))
    assert said.splitlines() == ["no method 'gone' at this commit"] * 3


def test_the_inventory_tells_a_method_that_went_from_a_plugin_that_broke() -> None:
    code = "import json; from benchmarks.inventory import inventory; print(json.dumps(inventory()))"
    said = json.loads(python(code, PRIORBENCH_PLUGINS="standard,classical,nowhere"))
    assert said["methods"]["tv"] == "classical"
    assert "dip" not in said["methods"]
    assert "nowhere" in said["plugins"]
    assert said["modules"] == {}


def test_the_suite_measures_under_the_conditions_of_a_worker() -> None:
    from priorbench.machine.settings import worker_environment

    said = json.loads(python(CONDITIONS))
    assert said["threads"] == 1
    assert said["set"].items() <= worker_environment(1).items()


@pytest.mark.slow(15)
def test_quality_has_the_same_bits_at_every_run() -> None:
    assert python(QUALITY) == python(QUALITY, OMP_NUM_THREADS="2", PYTHONHASHSEED="7")


def test_a_suite_that_would_measure_other_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        python("import benchmarks", ASV_PYTHONPATH=str(tmp_path))
    assert "not from the commit that is measured" in caught.value.stderr


def test_a_checkout_has_the_entry_points_of_its_own_project_file(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from checkout import import_path, write_metadata
root, target = Path(sys.argv[2]), Path(sys.argv[3])
write_metadata(root, target)
print("\\n".join(import_path(root, target)))
"""
    project = (ROOT / "pyproject.toml").read_text()
    group = "[project.entry-points.priorbench]\n"
    (tmp_path / "pyproject.toml").write_text(project.replace(group, f'{group}new = "priorbench_new"\n'))
    hatch = tomllib.loads(project)["tool"]["hatch"]
    for folder in hatch["build"]["dev-mode-dirs"]:
        (tmp_path / folder).mkdir()
    module = tmp_path / hatch["version"]["path"]
    module.parent.mkdir(parents=True)
    module.write_text('__version__ = "7.0"\n')
    metadata = tmp_path / "metadata"
    arguments = [str(Path(__file__).parent), str(tmp_path), str(metadata)]
    path = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout.split()
    assert path == [str(metadata), *(str(tmp_path / name) for name in ("harness", "plugins", "datasets"))]
    listing = "from importlib.metadata import entry_points as e; print(*sorted(e(group='priorbench').names))"
    assert (metadata / "priorbench-7.0.dist-info" / "METADATA").exists()
    names = subprocess.run(
        [sys.executable, "-c", listing],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    own = {point.name for point in entry_points(group="priorbench")}
    assert set(names) >= own | {"new"}
    shutil.rmtree(metadata)
