"""Runs on a real scheduler with two workers on loopback: equal to serial runs, and what may go wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest_support import command_environment, run_apart, run_here
from small_runs import records

pytest.importorskip("distributed", reason="the package distributed is not installed")

from loopback_cluster import loopback_cluster

SUPPORT = Path(__file__).parents[1] / "support"
PLUGINS = "standard,example,hostile,dask,images,poison_plugin"
IMAGES = ("run", "-", "--noise", "gaussian-25", "--threads", "1", "--images")
TWO_METHODS = ("--denoiser", "approach:iterations=12", "--denoiser", "mean")
QUALITY = ("key", "output_sha256", "psnr", "ssim", "noisy_sha256", "status", "iterations")


@pytest.fixture(scope="module")
def site(example_site, tmp_path_factory) -> Path:
    """A folder with the example plugin and the one that kills workers."""
    site = tmp_path_factory.mktemp("dask-site")
    shutil.copytree(example_site, site, dirs_exist_ok=True)
    shutil.copy(SUPPORT / "poison_plugin.py", site)
    entry_points = next(site.glob("*.dist-info")) / "entry_points.txt"
    entry_points.write_text(entry_points.read_text() + "poison_plugin = poison_plugin\n")
    return site


@pytest.fixture(scope="module")
def cluster(site, tmp_path_factory):
    with loopback_cluster(
        tmp_path_factory.mktemp("cluster"), command_environment(site) | {"OMP_NUM_THREADS": "1"}, workers=2
    ) as found:
        yield found


@pytest.fixture
def on(cluster, site, tmp_path):
    """Run the command line on the cluster."""

    def run(*arguments: str, start=run_here, site: Path = site, workers: int = 1, **variables: str):
        way = ("--executor", f"dask:workers={workers}", "--scheduler", cluster.address)
        return start(site, tmp_path, *arguments, *way, PRIORBENCH_PLUGINS=PLUGINS, **variables)

    return run


@pytest.fixture
def here(site, tmp_path):
    """Run the command line without it."""
    return partial(run_here, site, tmp_path, PRIORBENCH_PLUGINS=PLUGINS)


def quality(command, store: str) -> list[tuple]:
    return sorted(tuple(record[name] for name in QUALITY) for record in records(command, "--store", store))


@pytest.mark.slow(seconds=60)
def test_serial_local_dask_and_merged_shards_give_the_same_bits(here, on):
    suite = (*IMAGES, "ramps:count=3", *TWO_METHODS, "--stopping", "fixed", "--stopping", "oracle")
    assert here(*suite, "--executor", "serial", "--store", "serial.db").returncode == 0
    assert here(*suite, "--jobs", "2", "--store", "local.db").returncode == 0
    done = on(*suite, "--store", "dask.db", workers=2)
    assert done.returncode == 0, done.stderr
    for part in ("1/3", "2/3", "3/3"):
        store = f"part-{part[0]}.db"
        assert here(*suite, "--executor", "serial", "--shard", part, "--store", store).returncode == 0
    assert here("merge", "part-1.db", "part-2.db", "part-3.db", "--store", "merged.db").returncode == 0
    serial = quality(here, "serial.db")
    assert len(serial) == 9
    for store in ("local.db", "dask.db", "merged.db"):
        assert quality(here, store) == serial, store
    told = records(here, "--store", "dask.db")
    assert all(record["tainted"].startswith("2 dask workers ran on this host") for record in told)
    # one machine: the environment is the one that it has everywhere
    environments = [record["environment"] for record in records(here, "--store", "serial.db")]
    assert [record["environment"] for record in told] == environments


def test_failures_of_methods_are_records_and_not_tried_again(on, here):
    methods = [word for name in ("dies", "hangs", "raises", "mean") for word in ("--denoiser", name)]
    done = on(*IMAGES, "ramps:count=1", *methods, "--timeout", "5")
    assert (done.returncode, "4 trials run, 3 failed" in done.stderr) == (1, True), done.stderr
    found = {record["denoiser"]: record for record in records(here)}
    assert {name: one["status"] for name, one in found.items()} == {
        "dies": "crashed",
        "hangs": "timeout",
        "raises": "error",
        "mean": "ok",
    }
    assert all(one["limits"] == {"timeout": 5} for one in found.values())


def test_several_images_are_fitted_at_once_with_a_batch(on, here):
    done = on(*IMAGES, "ramps:count=4", "--denoiser", "approach:iterations=5", "--batch", "2")
    assert done.returncode == 0, done.stderr
    assert {record["batch"] for record in records(here)} == {2}


def test_a_worker_with_other_code_refuses_naming_both_before_anything_runs(on, here, site, tmp_path):
    other = tmp_path / "other-site"
    shutil.copytree(site, other)
    with (other / "example_things.py").open("a") as file:
        file.write("\n# edited\n")
    # in a process of its own: this one knows the code as it was
    done = on(*IMAGES, "ramps:count=1", "--denoiser", "mean", start=run_apart, site=other)
    assert done.returncode == 2
    line = next(line for line in done.stderr.splitlines() if "example_things" in line)
    assert "worker tcp://127.0.0.1" in line
    assert "in the plan" in line and "there" in line
    assert "nothing was run" in done.stderr
    assert not (tmp_path / "priorbench.db").exists() or not records(here)


def test_what_no_worker_can_run_is_an_error_with_what_they_offer(on):
    done = on(*IMAGES, "ramps:count=1", "--denoiser", "anywhere", "--device", "cuda:7")
    assert done.returncode == 2
    assert "no worker can run trials on cuda:7, which ask for GPU=1" in done.stderr
    assert done.stderr.count("no resources declared, no cuda:7") >= 1


def test_pictures_that_a_worker_lacks_are_named_or_sent(on, here, tmp_path):
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    suite = (*IMAGES, "folder:path=~/photos", "--denoiser", "mean")  # in this home, not in theirs
    home = {"HOME": str(tmp_path)}
    done = on(*suite, "--store", "dask.db", **home)
    assert done.returncode == 2
    assert "lacks image sets: 'photos'" in done.stderr and "--ship-images" in done.stderr
    assert "worker tcp://127.0.0.1" in done.stderr
    done = on(*suite, "--store", "dask.db", "--ship-images", **home)
    assert done.returncode == 0, done.stderr
    assert here(*suite, "--executor", "serial", "--store", "serial.db", **home).returncode == 0
    assert quality(here, "dask.db") == quality(here, "serial.db")


def test_ctrl_c_takes_back_what_is_on_its_way_and_the_next_run_goes_on(cluster, here, site, tmp_path):
    suite = (*IMAGES, "ramps:count=5", "--denoiser", "sleeps:seconds=1")
    way = ("--executor", "dask", "--scheduler", cluster.address)
    run = subprocess.Popen(
        [sys.executable, "-m", "priorbench", *suite, *way],
        cwd=tmp_path,
        env=command_environment(site) | {"PRIORBENCH_PLUGINS": PLUGINS},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for line in run.stderr:
        if line.startswith("[1/5]"):
            break
    run.send_signal(signal.SIGINT)
    run.stderr.read()
    assert run.wait(60) == 130
    there = len(records(here))
    assert 1 <= there < 5
    done = here(*suite, *way)
    assert done.returncode == 0, done.stderr
    assert len(records(here)) == 5


@pytest.mark.slow(seconds=60)
def test_a_trial_that_kills_its_worker_costs_three_and_the_others_go_on(cluster, on, here):
    for _ in range(2):
        cluster.start_worker()
    before = [worker for worker in cluster.workers if worker.poll() is None]
    done = on(*IMAGES, "poisoned", "--denoiser", "mean", workers=4)
    gone = [worker for worker in before if worker.poll() is not None]
    assert len(gone) == 3
    assert (done.returncode, "1 could not be run" in done.stderr or "not run" in done.stderr) == (1, True), (
        done.stderr
    )
    assert "tried 3 times on the cluster" in done.stderr
    assert sorted(record["image"] for record in records(here)) == ["0", "1", "2", "4", "5"]
    for worker in gone:
        cluster.kill(worker)


def test_no_worker_is_an_error_after_a_while(tmp_path, site):
    with loopback_cluster(tmp_path / "empty", command_environment(site), workers=0) as empty:
        way = ("--executor", "dask:wait=1", "--scheduler", empty.address)
        suite = (*IMAGES, "ramps:count=1", "--denoiser", "mean")
        done = run_here(site, tmp_path, *suite, *way, PRIORBENCH_PLUGINS=PLUGINS)
    assert done.returncode == 2
    assert f"no worker came to the scheduler {empty.address} in 1 s" in done.stderr


def test_the_next_run_of_a_complete_suite_needs_no_cluster(here):
    suite = (*IMAGES, "ramps:count=1", "--denoiser", "mean")
    assert here(*suite, "--executor", "serial").returncode == 0
    done = here(*suite, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stderr
