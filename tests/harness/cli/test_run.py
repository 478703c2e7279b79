"""``priorbench run``: what is refused before any work."""

from __future__ import annotations

from small_runs import write_suite


def test_wrong_requests_end_with_status_2_before_any_work(command, tmp_path):
    done = command("run", "-", "--images", "ramp", "--noise", "gausian-25", "--denoiser", "mean:logg=x")
    assert done.returncode == 2
    assert "did you mean 'ramps'?" in done.stderr
    assert "did you mean 'gaussian-25'?" in done.stderr
    assert "did you mean 'log'?" in done.stderr
    assert command("run", "nosuch").returncode == 2
    for wrong in ("--device=cuda:7", "--device=quantum", "--shard=3/2", "--executor=remote"):
        done = command("run", str(write_suite(tmp_path)), wrong)
        assert done.returncode == 2, wrong
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.glob("*.db"))
