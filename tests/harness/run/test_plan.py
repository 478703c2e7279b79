"""What a plan holds: shards, images that cannot be used, and what a dry run tells."""

from __future__ import annotations

from small_runs import HERE, records, write_suite


def test_shards_are_a_partition(command, tmp_path):
    suite = str(write_suite(tmp_path, count=3))
    for part in ("1/2", "2/2"):
        assert command("run", suite, "--shard", part, "--store", f"{part[0]}.db", *HERE).returncode == 0
    assert command("run", suite, "--store", "all.db", *HERE).returncode == 0
    parts = [{r["key"] for r in records(command, "--store", f"{n}.db")} for n in (1, 2)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {r["key"] for r in records(command, "--store", "all.db")}


def test_an_unusable_image_is_skipped_with_its_name_or_an_error_when_strict(command):
    images = ("--images", "ramps:count=1,bad=true")
    options = ("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean", *HERE)
    done = command(*options)
    assert done.returncode == 0
    assert "skipped ramps:count=1,bad=true/bad.png: truncated" in done.stderr
    strict = command(*options, "--strict", "--store", "strict.db")
    assert strict.returncode == 2
    assert "bad.png cannot be used: truncated" in strict.stderr


def test_a_set_without_a_usable_image_is_an_error(command):
    images = ("--images", "ramps:count=0,bad=true")
    done = command("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean")
    assert done.returncode == 2
    assert "none of its files can be used" in done.stderr


def test_a_dry_run_writes_nothing(command, tmp_path):
    done = command("run", str(write_suite(tmp_path)), "--dry-run")
    assert done.returncode == 0
    assert "at most 6 trials on cpu" in done.stdout
    assert not list(tmp_path.glob("*.db"))
