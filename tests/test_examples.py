"""The example that adapts somebody else's package keeps the contract, where that package is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from environments import NO_HATCHLING, NO_PIP, make_environment, pip_install

from priorbench.contract.specs import DenoiserSpec
from priorbench.loading.registry import missing_reason

EXAMPLE = Path(__file__).parents[1] / "examples" / "priorbench-auto-denoise"


@pytest.mark.slow
@pytest.mark.skipif(NO_PIP or NO_HATCHLING, reason="needs pip and hatchling (the extra 'dev' has it)")
def test_the_adapter_of_auto_denoise_passes_its_own_test(tmp_path: Path) -> None:
    needs = DenoiserSpec(name="example", factory="none:none", requires=("auto-denoise",))
    if reason := missing_reason(needs):
        pytest.skip(reason)
    python = make_environment(tmp_path / "environment")
    pip_install(python, EXAMPLE)
    done = subprocess.run(
        [python, "-m", "pytest", "-q", str(EXAMPLE / "tests")],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_page_about_the_adapter_quotes_its_code() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "how-to" / "adapt.md").read_text(encoding="utf-8")
    code = "".join((EXAMPLE / "priorbench_auto_denoise" / "method.py").read_text(encoding="utf-8").split())
    quoted = page.split("```python\n")[1].split("```")[0]
    for line in quoted.splitlines():
        text = line.partition("  #")[0].partition(", **")[0]
        assert "".join(text.split()) in code, line
