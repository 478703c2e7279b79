"""A zoo of hostile methods beside two good ones: each is recorded with its reason, nobody else is harmed."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from hostile_plugin import METHODS
from worker_processes import workers

#: method -> its status, and words of its reason
EXPECTED = {
    "raises": ("error", "ValueError: on two lines (hostile_things.py:"),
    "exits": ("error", "sys.exit('enough')"),
    "exits-hard": ("crashed", "exit status 7"),
    "segfaults": ("crashed", "SIGSEGV"),
    "killed": ("crashed", "SIGKILL"),
    "aborts": ("crashed", "SIGABRT"),
    "hangs": ("timeout", "no result after 10 s"),
    "hangs-in-c": ("timeout", "no result after 10 s"),
    "memory-hog": ("out-of-memory", "MemoryError"),
    "torch-memory-hog": ("out-of-memory", "allocate"),
    "nan": ("invalid-output", "768 of 768 values are NaN or infinite"),
    "infinite": ("invalid-output", "values are NaN or infinite"),
    "wrong-shape": ("invalid-output", "expected shape (3, 16, 16), got (1, 16, 16)"),
    "wrong-type": ("invalid-output", "expected a torch.Tensor, got ndarray"),
    "returns-none": ("invalid-output", "expected a torch.Tensor, got NoneType"),
    "changes-input": ("invalid-output", "changed its input"),
    "prints-megabytes": ("error", "at most 1 MB are allowed"),
    "leaves-thread": ("error", "left 2 threads (forgotten, forgotten) running"),  # the warm-up left the first
    "leaves-child": ("error", "left 2 child processes (sleep 600, sleep 600) running"),
    "closes-stdout": ("error", "OSError: [Errno 9] Bad file descriptor"),  # at its second call
    "raises-in-setup": ("error", "RuntimeError: no weights"),
    "yields-nan": ("invalid-output", "NaN"),
    "yields-nothing": ("invalid-output", "no iterate"),
    "raises-late": ("error", "RuntimeError: diverged"),
    "base-exception": ("error", "neither error nor exit"),
    "recursion": ("error", "RecursionError"),
    "needs-missing-import": ("error", "a_package_that_is_not_there"),
}


def run(command, store: str, denoisers: list[str]) -> dict[str, dict]:
    names = [word for name in denoisers for word in ("--denoiser", name)]
    limits = ("--timeout", "10", "--memory-limit", "2GB", "--threads", "1")
    done = command(
        "run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", *names, *limits, "--store", store,
        timeout=900,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    lines = command("export", "--store", store).stdout.splitlines()
    return {f"{record['denoiser']} {record['image']}": record for record in map(json.loads, lines)}


@pytest.mark.slow
def test_hostile_methods_are_recorded_and_harm_nobody(command, tmp_path):
    assert set(EXPECTED) == set(METHODS)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = functools.partial(command, TMPDIR=str(scratch))
    alone = run(command, "alone.db", ["mean", "approach"])
    zoo = run(command, "zoo.db", ["mean", *(f"zoo-{name}" for name in METHODS), "approach"])
    for name, (status, reason) in EXPECTED.items():
        for image in ("ramp-0", "ramp-1"):
            record = zoo[f"zoo-{name} {image}"]
            assert (record["status"], reason in (record["error"] or "")) == (status, True), record
            assert "\n" not in (record["error"] or "")
    assert "last words before the crash" in zoo["zoo-segfaults ramp-0"]["printed"]
    for name, record in alone.items():
        assert zoo[name]["output_sha256"] == record["output_sha256"]
        assert zoo[name]["psnr"] == record["psnr"]
    assert not [pid for pid, environment in workers().items() if str(tmp_path) in environment]
    assert not left_over_sleepers(tmp_path)
    assert not list(scratch.iterdir())


def left_over_sleepers(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"sleep\x00600" in (entry / "cmdline").read_bytes():
                found += [int(entry.name)] * (str(folder).encode() in (entry / "environ").read_bytes())
        except OSError:
            continue
    return found
