"""What was done to pictures when they were read is told once for each kind, and is in the records."""

from __future__ import annotations

import json

import picture_files as make
import picture_pairs as pairs
import pytest
from PIL import Image, ImageCms
from sample_records import record, trial
from small_runs import HERE, records

from priorbench.contract.records import Noted, from_json, to_json
from priorbench.ranking.leaderboard import leaderboard
from priorbench.report import html_report
from priorbench.run.noting import Notes
from priorbench.store.database import Store
from priorbench.store.documents import UnreadableError, checked

PLUGINS = "standard,example,images"
ICC = "ICC profile ignored"


def turned(orientation: int) -> bytes:
    block = Image.Exif()
    block[274] = orientation
    return block.tobytes()


@pytest.fixture
def shelf(tmp_path):
    """Make a folder of five pictures: three want to be turned, two of them and one more have a profile."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, options in {
        "a.png": {},
        "b.jpg": {"exif": turned(6), "icc_profile": profile},
        "c.jpg": {"exif": turned(6), "icc_profile": profile},
        "d.jpg": {"exif": turned(3)},
        "e.png": {"icc_profile": profile},
    }.items():
        kind = "PNG" if name.endswith("png") else "JPEG"
        (folder / name).write_bytes(make.encoded(make.photograph(seed=ord(name[0])), kind, **options))
    return folder


@pytest.fixture
def run(command):
    def call(*arguments):
        done = command("run", "-", "--denoiser", "mean", *HERE, *arguments, PRIORBENCH_PLUGINS=PLUGINS)
        assert done.returncode == 0, done.stderr
        return done

    return call


def noted(done) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("noted")]


WANTED = [
    f"noted shelf/b.jpg: {ICC} (3 such pictures)",
    "noted shelf/b.jpg: EXIF orientation 6 not applied (3 such pictures, with other numbers, too)",
]


def test_a_run_tells_each_kind_once_with_a_number_and_an_example(run, shelf):
    """They were told nowhere; a set is read once, for however many noises, repetitions and methods."""
    chosen = (
        "--images",
        str(shelf),
        "--noise",
        "gaussian-25",
        "--noise",
        "gaussian-15",
        "--repetitions",
        "2",
    )
    assert noted(run(*chosen)) == WANTED
    again = run(*chosen)
    assert "nothing to do" in again.stderr
    assert noted(again) == WANTED  # a resumed run reads all pictures, too


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_pictures_with_the_same_pixels_are_told_once_for_a_set(run, tmp_path, dry):
    folder = tmp_path / "twice"
    folder.mkdir()
    for name, seed in {"a.png": 1, "b.png": 2, "c.png": 1, "d.png": 3, "e.png": 1, "f.png": 2}.items():
        (folder / name).write_bytes(make.encoded(make.photograph(seed=seed), "PNG"))
    done = run("--images", str(folder), "--noise", "gaussian-25", "--noise", "gaussian-15", *dry)
    [told] = [line for line in (done.stdout + done.stderr).splitlines() if "the same pixels" in line]
    assert told.removeprefix("# ") == (
        "noted twice/c.png: a.png and c.png; a.png and e.png; b.png and f.png have the same pixels: each"
        " counts as an image of its own, so that intervals and p claim too much"
    )


def test_records_say_how_their_picture_was_read(run, command, shelf):
    run("--images", str(shelf), "--noise", "gaussian-25")
    told = {one["image"]: one["notes"] for one in records(command)}
    assert told == {
        "a.png": [],
        "b.jpg": [ICC, "EXIF orientation 6 not applied"],
        "c.jpg": [ICC, "EXIF orientation 6 not applied"],
        "d.jpg": ["EXIF orientation 3 not applied"],
        "e.png": [ICC],
    }


def test_notes_survive_export_and_import(run, command, shelf, tmp_path):
    run("--images", str(shelf), "--noise", "gaussian-25")
    text = command("export").stdout
    (tmp_path / "out.jsonl").write_text(text)
    assert command("import", "out.jsonl", "--store", "other.db").returncode == 0
    copied = {one["key"]: one["notes"] for one in records(command, "--store", "other.db")}
    assert copied == {one["key"]: one["notes"] for one in map(json.loads, text.splitlines())}
    assert any(copied.values())


def test_a_note_is_not_in_the_key(run, command, shelf):
    """The same pixels with a profile and without one: one trial, which is found again."""
    only = ("--images", f"folder:path={shelf}/e.png", "--noise", "gaussian-25")
    run(*only)
    (shelf / "e.png").write_bytes(make.encoded(make.photograph(seed=ord("e")), "PNG"))
    done = run(*only)
    assert "nothing to do" in done.stderr
    assert noted(done) == []
    [one] = records(command)
    assert one["notes"] == [ICC]


def test_notes_of_given_noisy_pictures_say_whose_they_are(run, command, tmp_path):
    choice = pairs.two_folders(tmp_path, scenes=1, frames=2)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for frame in range(2):
        data = make.encoded(pairs.noisy(0, frame), "PNG", icc_profile=profile)
        (tmp_path / "noisy" / "s0" / f"{frame}.png").write_bytes(data)
    done = run("--images", choice, "--noise", "given", "--repetitions", "2")
    assert noted(done) == [f"noted noisy/s0.png: noisy picture: {ICC}"]
    assert [one["notes"] for one in records(command)] == [[f"noisy picture: {ICC}"]] * 2


def test_a_dry_run_tells_of_the_first_pictures(command, shelf):
    chosen = ("run", "-", "--denoiser", "mean", "--noise", "gaussian-25", "--images", str(shelf), "--dry-run")
    (shelf / "broken.png").write_bytes(b"no picture")
    done = command(*chosen, PRIORBENCH_PLUGINS=PLUGINS)
    assert (done.returncode, done.stderr) == (0, "")
    assert "# noted " in done.stdout
    assert "# skipped " in done.stdout and "broken.png: " in done.stdout
    assert f"# read of {shelf.name}: " in done.stdout
    assert not (shelf.parent / "priorbench.db").exists()
    for file in shelf.iterdir():
        file.write_bytes(b"no picture")
    none = command(*chosen, PRIORBENCH_PLUGINS=PLUGINS)
    assert none.returncode == 2 and "none of its files can be used" in none.stderr


def test_a_note_of_one_picture_has_no_number(run, shelf):
    done = run("--images", f"folder:path={shelf}/d.jpg", "--noise", "gaussian-25")
    assert noted(done) == ["noted d.jpg/d.jpg: EXIF orientation 3 not applied"]


def test_what_was_read_of_an_interrupted_set_is_told():
    told: list[Noted] = []
    notes = Notes(told.extend)
    notes.add("s", "a", ["x 1", "x 2", "y"])
    notes.add("s", "b", ["x 1"])
    notes.add("t", "a", ["y"])
    notes.flush()
    notes.flush()
    assert told == [
        Noted(image_set="s", image="a", note="x 1", pictures=2),
        Noted(image_set="s", image="a", note="y", pictures=1),
        Noted(image_set="t", image="a", note="y", pictures=1),
    ]


@pytest.mark.parametrize("notes", [[1], ["a", None], [["a"]], "a"])
def test_notes_that_are_no_texts_are_refused(notes):
    values = to_json(record()) | {"notes": notes}
    with pytest.raises(UnreadableError, match="the field 'notes'"):
        checked(values)


def test_the_page_says_how_pictures_were_read(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    store.add([trial("d", str(n), 30.0, image_sha256=str(n), notes=("turn 6",) * (n > 0)) for n in range(3)])
    page = html_report(leaderboard(store.scores()), store)
    assert "how pictures were read" in page
    assert "turn 6 (2 images)" in page


def test_records_of_before_have_no_notes():
    values = to_json(record(notes=("n",)))
    assert from_json(json.loads(json.dumps(values))).notes == ("n",)
    del values["notes"]
    assert from_json(values).notes == ()
