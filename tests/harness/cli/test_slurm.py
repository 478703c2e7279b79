"""The job script: it runs the parts, unites them, may be repeated, and quotes what it is given."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from conftest_support import command_environment
from small_runs import records

SUITE = ("-", "--images", "ramps:count=2", "--noise", "gaussian-25", "--denoiser", "mean")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def bash(folder, site, *arguments, **variables):
    return subprocess.run(
        ["bash", *arguments],
        cwd=folder,
        env=command_environment(site) | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.slow(seconds=40)
def test_the_script_runs_every_part_and_unites_their_stores(command, example_site, tmp_path):
    done = command(
        "slurm", *SUITE, "--array", "2", "--folder", "it's a `folder` $HOME", "--executor", "serial"
    )
    assert done.returncode == 0, done.stderr
    script = tmp_path / "a job.sh"
    script.write_text(done.stdout)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    nothing = bash(elsewhere, example_site, str(script), "merge")
    assert (nothing.returncode, "nothing to unite" in nothing.stderr) == (2, True)
    part = bash(elsewhere, example_site, str(script), SLURM_ARRAY_TASK_ID="1")
    assert part.returncode == 0, part.stderr
    early = bash(elsewhere, example_site, str(script), "merge")
    assert (early.returncode, "parts without a store: 2" in early.stderr) == (1, True)
    other = bash(elsewhere, example_site, str(script), "part", "2")
    assert other.returncode == 0, other.stderr
    again = bash(elsewhere, example_site, str(script), SLURM_ARRAY_TASK_ID="1")
    assert "already" in again.stderr or "0 trials" in again.stderr
    assert bash(elsewhere, example_site, str(script), "merge").returncode == 0
    assert {record["image"] for record in records(command)} == {"ramp-0", "ramp-1"}
    assert (tmp_path / "it's a `folder` $HOME" / "part-1.db").exists()


def test_it_is_submitted_as_an_array_and_a_merge_that_waits_for_it(command, example_site, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    fake = folder / "sbatch"
    fake.write_text('#!/bin/bash\nprintf "%s|" "$@" >> sbatch.log; echo >> sbatch.log; echo "77;cluster"\n')
    fake.chmod(0o755)
    done = command(
        *("slurm", *SUITE, "--array", "3", "--time", "4:00:00", "--partition", "gpu", "--gres", "gpu:1"),
        *("--cpus-per-task", "4", "--sbatch", "constraint=a100"),
    )
    assert done.returncode == 0, done.stderr
    for line in ("--array=1-3", "--cpus-per-task=4", "--time=4:00:00", "--gres=gpu:1", "--constraint=a100"):
        assert f"#SBATCH {line}" in done.stdout
    # what would differ from machine to machine is fixed: it is in the keys
    assert "--threads 4 --device cuda" in done.stdout
    (tmp_path / "job.sh").write_text(done.stdout)
    told = bash(tmp_path, example_site, "job.sh", PATH=f"{folder}:{os.environ['PATH']}")
    assert told.returncode == 0, told.stderr
    array, merge = (tmp_path / "sbatch.log").read_text().splitlines()
    assert array.endswith(f"{tmp_path}/job.sh|")
    assert "--dependency=afterany:77|" in merge and "--partition=gpu|" in merge
    assert f"--wrap=bash {tmp_path}/job.sh merge|" in merge


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shard", "1/2"), "the script gives each job its part"),
        (("--dry-run",), "call 'priorbench run'"),
        (("--imagess", "x"), "--images"),
        (("--partition", "a b"), "without quotes"),
        (("--time", "1\n#SBATCH --uid=0"), "without quotes"),
        (("--sbatch", "constraint"), "write OPTION=VALUE"),
        (("--jobs", "2"), "raise that to 2"),
        (("--executor", "queue"), "without a scheduler of ours"),
        (("--denoiser", "meann"), "did you mean 'mean'"),
    ],
)
def test_mistakes_are_told_before_anything_is_submitted(command, options, words):
    done = command("slurm", *SUITE, *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert not done.stdout


def test_the_store_is_that_of_the_merge(command):
    for option in (("--store", "all.db"), ("--store=all.db",)):
        done = command("slurm", *SUITE, *option)
        assert done.returncode == 0, done.stderr
        run, merge = (line for line in done.stdout.splitlines() if line.startswith(("run=", "merge=")))
        assert "all.db" not in run and merge.endswith("merge --store all.db)")
