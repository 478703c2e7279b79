"""How tests start the command line: in this process, or in one of its own."""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

Ended = subprocess.CompletedProcess[str]


def command_environment(site: Path) -> dict[str, str]:
    """Return the environment in which the core's own plugin and the one in `site` are all there is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")}
    return {
        **kept,
        "PYTHONPATH": str(site),
        "PRIORBENCH_PLUGINS": "standard,example,hostile",
        "PRIORBENCH_CACHE": "off",
        "COLUMNS": "200",
    }


def run_here(site: Path, folder: Path, *arguments: str, **variables: str) -> Ended:
    """Run the command line in this process, as if it were one of its own that works in `folder`."""
    from priorbench.cli import main

    # --plugin sets it for what the command starts; it is set here, so that it is taken back here
    environment = command_environment(site) | {"PRIORBENCH_PLUGIN_FILES": ""} | variables
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(folder)
        patch.syspath_prepend(str(site))
        patch.setattr(sys, "argv", ["priorbench", *arguments])
        patch.setattr(tempfile, "tempdir", None)  # it is remembered; TMPDIR may be another one now
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as caught:
            main()
    _look_no_more_at_what_is_there()
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return subprocess.CompletedProcess(arguments, int(caught.value.code or 0), *said)


@functools.cache
def _look_no_more_at_what_is_there() -> None:
    """Put it out of the garbage collector's sight, which the harness calls before each measurement."""
    gc.collect()
    gc.freeze()


def run_apart(site: Path, folder: Path, *arguments: str, **variables: str) -> Ended:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "priorbench", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=command_environment(site) | variables,
        check=False,
    )
