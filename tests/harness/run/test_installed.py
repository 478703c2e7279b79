"""A run ends where a package was exchanged: its keys name the version of before."""

from __future__ import annotations

import pytest
from small_runs import HERE, records

from priorbench.run.storing import installed


def test_a_trial_of_which_nobody_knows_the_versions_is_not_stored(command, monkeypatch):
    real, asked = installed._version, []

    def version(name: str) -> str | None:
        asked.append(name)
        return "0.0" if name == "pillow" and asked.count(name) > 1 else real(name)

    monkeypatch.setattr(installed, "_version", version)
    monkeypatch.setattr(installed, "_PAUSE", -1.0)
    run = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean")
    done = command(*run, *HERE)
    assert done.returncode == 2
    assert f"pillow {real('pillow')} when the run began, 0.0 now" in done.stderr
    monkeypatch.undo()
    assert "1 trial run" in command(*run, *HERE).stderr
    assert len(records(command)) == 1


@pytest.mark.parametrize("now", ["1", "2", None])
def test_what_no_distribution_has_is_not_looked_for(monkeypatch, now):
    monkeypatch.setattr(installed, "_PAUSE", -1.0)
    monkeypatch.setattr(installed, "_version", lambda name: {"a": "1"}.get(name))
    found = installed.Installed({"a": "1", "python": "3.11", "gone": None})
    monkeypatch.setattr(installed, "_version", lambda name: {"a": now}.get(name))
    if now == "1":
        found.check()
    else:
        with pytest.raises(installed.PriorbenchError, match=r"a 1 when the run began"):
            found.check()
