"""What all commands have in common: help, statuses, interrupts, encodings, and what is not imported."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from shown_plugin import cells, in_a_process, path_with


def test_no_arguments_show_the_help_page_and_version_the_version(priorbench: Any) -> None:
    status, out, _ = priorbench()
    assert status == 0
    for command in ("list", "show"):
        assert re.search(rf"^  {command} +\S", out, re.MULTILINE)
    assert priorbench("--help")[1] == out
    assert re.fullmatch(r"priorbench \d+\.\d+\.\d+\n", priorbench("--version")[1])


def test_an_unknown_command_is_a_wrong_request(priorbench: Any) -> None:
    status, out, err = priorbench("lst")
    assert (status, out) == (2, "")
    assert "lst" in err


def test_strict_mode_ends_a_command_with_every_reason(
    site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("bad-plugin", {"bad_one.py": "import no_such_module_here"})
    site.add("worse-plugin", {"worse.py": "x = 1"})
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "bad_one,worse")
    monkeypatch.setenv("PRIORBENCH_STRICT_PLUGINS", "1")
    status, out, err = priorbench("list", "denoisers")
    assert (status, out) == (2, "")
    assert [line.split("(")[0] for line in err.splitlines()[:2]] == [
        *("priorbench: plugin 'bad_one' ", "priorbench: plugin 'worse' "),
    ]


def test_ctrl_c_ends_with_130(site: Any, priorbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    presses = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    site.add("slow-plugin", {"interrupted.py": presses})
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "interrupted")
    status, _, err = priorbench("list")
    assert (status, "Traceback" in err) == (130, False)


def test_a_reader_that_goes_away_is_no_error(site: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "list", "--format", "json"],
        env={**os.environ, **path_with(site)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_without_unicode_is_no_error(site: Any, encoding: str) -> None:
    done = in_a_process(site, "list", "denoisers", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert cells(done.stdout, "failing")[1] in ("a \u2192 b", "a \\u2192 b")
    done = in_a_process(site, "list", "denoisers", "--format", "json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout)[1]["summary"] == "a \u2192 b"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "denoisers"], ["list", "--format", "json"]]
)
def test_help_and_list_import_neither_torch_nor_numpy(fake_site: Any, arguments: list[str]) -> None:
    """With every plugin that is installed here, so that none of the shipped ones imports them either."""
    code = f"""
import sys
sys.argv = ["priorbench", *{arguments!r}]
from priorbench.cli import main
try:
    main()
except SystemExit as end:
    print("status", end.code, file=sys.stderr)
print("heavy", [name for name in ("torch", "numpy", "skimage", "scipy", "sqlalchemy")
                if name in sys.modules], file=sys.stderr)
"""
    done = in_a_process(fake_site, python=code)
    assert done.stderr.splitlines()[-2:] == ["status 0", "heavy []"]


def test_only_the_command_that_is_asked_for_is_imported(fake_site: Any) -> None:
    code = """
import gc, sys
sys.argv = ["priorbench", "list", "plugins"]
from priorbench.cli import main
try:
    main()
except SystemExit:
    others = [name for name in sys.modules if name.startswith("priorbench.cli.") and name.count(".") == 2]
    print(sorted(name.rpartition(".")[2] for name in others), gc.isenabled(), file=sys.stderr)
"""
    done = in_a_process(fake_site, python=code)
    assert done.stderr.splitlines()[-1] == "['common', 'list_command', 'terminal'] True"


def test_a_command_that_fails_early_leaves_the_collector_on(priorbench: Any) -> None:
    assert priorbench("nosuch")[0] == priorbench("list", "--nosuch")[0] == 2
    assert gc.isenabled()
