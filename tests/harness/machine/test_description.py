"""How a machine is described: two that differ do not look alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from priorbench.machine import description

#: what two generations of one make say of themselves on rented machines
CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: {family}
model\t\t: {model}
model name\t: AMD EPYC
flags\t\t: fpu avx2

processor\t: 1
cpu family\t: {family}
model\t\t: {model}
model name\t: AMD EPYC
"""


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(description, "_CPUINFO", tmp_path / "cpuinfo")
    return tmp_path / "cpuinfo"


def test_generations_of_one_name_are_told_apart(cpuinfo: Path) -> None:
    prints = set()
    for family, model in ((25, 17), (26, 2)):
        cpuinfo.write_text(CPUINFO.format(family=family, model=model))
        told = description.describe(1, "cpu")
        assert told["processor"] == f"AMD EPYC (family {family}, model {model})"
        prints.add(description.fingerprint(told))
    assert len(prints) == 2


@pytest.mark.parametrize("text", ["", "model name\t: Cortex-A72\n"])
def test_a_processor_that_tells_less_has_a_name_all_the_same(cpuinfo: Path, text: str) -> None:
    cpuinfo.write_text(text)
    named = description.describe(1, "cpu")["processor"]
    assert named and "family" not in named


def test_a_system_without_the_file_has_one_too(cpuinfo: Path) -> None:
    assert description.describe(1, "cpu")["processor"]
