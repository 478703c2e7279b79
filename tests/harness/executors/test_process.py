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
    "hangs": ("timeout", "no result after 5 s"),
    "hangs-in-c": ("timeout", "no result after 5 s"),
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
    "interrupts": ("error", "KeyboardInterrupt"),
    "unspeakable": ("error", "its message cannot be read: ValueError"),
    "closes-line": ("crashed", "the method closed the worker's line to the harness"),
    "answers-nothing": ("error", "neither a result nor a failure"),
    "answers-nonsense": ("error", "NaN is no number"),
    "answers-deeply": ("error", "it is no JSON"),
    "answers-for-another": ("error", "neither a result nor a failure"),
    "answers-twice": ("error", "it says more than was asked"),
    "answers-without-end": ("error", "more than 1 MiB"),
    "needs-missing-import": ("error", "a_package_that_is_not_there"),
}


HARMLESS = ("mean", "approach")
HANGING = [name for name, (status, _) in EXPECTED.items() if status == "timeout"]
#: one for each way in which a worker is lost or given up: see that the method's next image gets a new one
TWICE = ["raises", "segfaults", "torch-memory-hog", "nan", "leaves-thread"]
#: they do nothing to the process: its next trials may, and here do, run in the same one
TAME = [
    *("infinite", "wrong-shape", "wrong-type", "returns-none", "changes-input", "raises-in-setup"),
    *("yields-nan", "yields-nothing", "raises-late", "base-exception", "recursion"),
]
ONCE = [name for name in EXPECTED if name not in (*HANGING, *TWICE, *TAME)]


def run(command, store: str, methods: list[str], *options: str, images: int = 1) -> dict[str, dict]:
    """Run hostile methods between two harmless ones; return the records, by method and image."""
    first, last = HARMLESS
    names = [word for name in (first, *methods, last) for word in ("--denoiser", name)]
    chosen = ("--images", f"ramps:count={images}", "--noise", "gaussian-25", *names, "--store", store)
    done = command("run", "-", *chosen, "--threads", "1", *options)
    assert done.returncode in (0, 1), done.stderr
    lines = command("export", "--store", store).stdout.splitlines()
    return {f"{record['denoiser']} {record['image']}": record for record in map(json.loads, lines)}


@pytest.mark.slow(25)
@pytest.mark.parametrize(
    ("methods", "images", "options"),
    [
        pytest.param(TAME, 2, ("--executor", "serial"), id="tame"),
        pytest.param(ONCE, 1, (), id="once"),
        pytest.param(TWICE, 2, (), id="twice"),
        # apart, because the others should have all the time that a busy machine needs
        pytest.param(HANGING, 2, ("--timeout", "5", "--jobs", "3"), id="hanging"),
    ],
)
def test_hostile_methods_are_recorded_and_harm_nobody(command, tmp_path, methods, images, options):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = functools.partial(command, TMPDIR=str(scratch))
    zoo = [f"zoo-{name}" for name in methods]
    limited = () if "serial" in options else ("--memory-limit", "2GB")
    found = run(command, "zoo.db", zoo, *limited, *options, images=images)
    for name in methods:
        status, reason = EXPECTED[name]
        for image in range(images):
            record = found[f"zoo-{name} ramp-{image}"]
            assert (record["status"], reason in (record["error"] or "")) == (status, True), record
            assert "\n" not in (record["error"] or "")
    if "segfaults" in methods:
        assert "last words before the crash" in found["zoo-segfaults ramp-0"]["printed"]
    alone = run(command, "alone.db", [], "--executor", "serial", images=images)
    assert len(alone) == len(HARMLESS) * images
    for name, record in alone.items():
        assert found[name]["output_sha256"] == record["output_sha256"]
        assert found[name]["psnr"] == record["psnr"]
    assert not [pid for pid, environment in workers().items() if str(tmp_path) in environment]
    assert not left_over_sleepers(tmp_path)
    assert not list(scratch.iterdir())


def test_every_hostile_method_is_run() -> None:
    assert set(METHODS) == {*TAME, *ONCE, *TWICE, *HANGING} == set(EXPECTED)


def left_over_sleepers(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"sleep\x00600" in (entry / "cmdline").read_bytes():
                found += [int(entry.name)] * (str(folder).encode() in (entry / "environ").read_bytes())
        except OSError:
            continue
    return found
