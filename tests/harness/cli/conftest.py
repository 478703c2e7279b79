"""A plugin that has something of everything, and the command line in this process."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from shown_plugin import FILES

from priorbench.cli import main


@pytest.fixture
def site(fake_site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a folder with one plugin that has something of everything; only it is loaded."""
    fake_site.add("shown-plugin", FILES, {"shown": "shown"}, version="3.1")
    monkeypatch.setenv("PRIORBENCH_PLUGINS", "shown")
    return fake_site


@pytest.fixture
def priorbench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Give a function that runs the command line in this process: arguments -> status, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["priorbench", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return run
