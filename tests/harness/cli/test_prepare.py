"""`priorbench prepare`: first calls before the first run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from priorbench.loading.load import load_registry
from priorbench.run import preparing


def test_methods_are_run_and_nothing_is_left(
    priorbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = priorbench("prepare", "identity", "wavelet", "--threads", "2")
    assert status == 0
    assert re.search(r"^2 methods ready in [\d.]+ s$", out, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_method_is_refused_with_the_nearest(priorbench: Any) -> None:
    status, out, err = priorbench("prepare", "identty")
    assert (status, out) == (2, "")
    assert "'identity'" in err


def test_a_method_that_fails_is_named_and_tells_by_the_status(
    priorbench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_calls(*given: Any) -> Any:
        yield preparing.FirstCall(denoiser="identity", seconds=12.5, error="")
        yield preparing.FirstCall(denoiser="tv", seconds=None, error="error: ValueError: no")

    monkeypatch.setattr(preparing, "first_calls", first_calls)
    status, out, err = priorbench("prepare")
    assert status == 1
    assert "identity: first call 12.5 s" in out and "1 method ready" in out
    assert "tv: error: ValueError: no" in err


def test_methods_that_share_code_wait_for_the_one_that_compiles_it() -> None:
    names = ["deep-decoder", "deep-decoder-over", "identity", "tv", "wavelet"]
    first, others = preparing.rounds(load_registry(), names)
    assert "deep-decoder" in first and "deep-decoder-over" in others
    assert sorted(first + others) == names


def test_without_names_one_method_of_each_module_is_run() -> None:
    chosen, registry = preparing.one_of_each(load_registry()), load_registry()
    specs: list[Any] = [registry.find("denoiser", name).spec for name in chosen]
    modules = [spec.factory.partition(":")[0] for spec in specs]
    assert len(modules) == len(set(modules)) > 5
    assert {"deep-decoder", "dip", "conv-decoder", "bm3d"} <= set(chosen)
