"""Plugins made on the fly: importable modules with the metadata of an installed distribution."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from priorbench.loading.load import ALLOW_VARIABLE, BLOCK_VARIABLE, STRICT_VARIABLE


@dataclass(frozen=True, kw_only=True)
class FakeSite:
    """A folder on `sys.path` that distributions are put into."""

    folder: Path

    def add(
        self,
        distribution: str,
        modules: Mapping[str, str],
        entry_points: Mapping[str, str] | None = None,
        *,
        version: str = "1.0",
        announcement: str | None = None,
    ) -> None:
        """Install a distribution.

        Parameters
        ----------
        distribution : str
            its name.
        modules : Mapping[str, str]
            path of a file -> its text.
        entry_points : Mapping[str, str] or None, optional
            plugin name -> what it names; default one plugin called like the first module.
        version : str, default '1.0'
            its version.
        announcement : str or None, optional
            text of entry_points.txt, where `entry_points` would not do.
        """
        for path, text in modules.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text, encoding="utf-8")
        first = next(iter(modules), "").removesuffix(".py").removesuffix("/__init__")
        points = {first: first} if entry_points is None else entry_points
        lines = ["[priorbench]", *(f"{name} = {value}" for name, value in points.items())]
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(announcement or "\n".join(lines) + "\n")
        importlib.invalidate_caches()


@pytest.fixture
def fake_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSite]:
    """Give a folder for distributions; forget afterwards what was imported from it."""
    folder = tmp_path / "site"
    folder.mkdir()
    for variable in (ALLOW_VARIABLE, BLOCK_VARIABLE, STRICT_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield FakeSite(folder=folder)
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
