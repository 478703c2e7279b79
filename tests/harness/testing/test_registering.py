"""Plugins of one file may import torch, but what else takes long at their import is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from priorbench.testing.checks import importing
from priorbench.testing.results import Finding, Skip


def test_the_import_of_a_file_is_timed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, line in (("sleepy_file", "import time; time.sleep(1.5)"), ("wakeful_file", "import json")):
        (tmp_path / f"{name}.py").write_text(f"print('hello')\n{line}\n")
    files = [str(tmp_path / "sleepy_file.py"), str(tmp_path / "wakeful_file.py")]
    monkeypatch.setenv("PRIORBENCH_PLUGIN_FILES", ":".join(files))
    assert importing.file_seconds("sleepy_file") >= 1.5 > 0.5 > importing.file_seconds("wakeful_file") >= 0


@pytest.mark.parametrize(("seconds", "kind"), [(0.2, Skip), (4.21, Finding)])
def test_only_what_takes_long_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, seconds: float, kind: type
) -> None:
    monkeypatch.setattr(importing, "file_seconds", lambda plugin: seconds)
    plugin = SimpleNamespace(name="slow", file="slow.py")
    setting = SimpleNamespace(plugin="slow", registry=SimpleNamespace(plugins=[plugin]))
    found = importing.lazy_registration(SimpleNamespace(setting=setting))  # type: ignore[arg-type]
    assert isinstance(found, kind)
    if isinstance(found, Finding):
        assert found.warning and "takes 4.2 s" in found.seen and "'import slow'" in found.mend
