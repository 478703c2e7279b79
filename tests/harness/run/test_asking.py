"""What runs ask for, and the boards that come of it: labels, folders, parts, and runs repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import picture_files as make
import pytest
from small_runs import HERE, calls_log

from priorbench.contract.choice import Choice
from priorbench.loading.registry import import_factory
from priorbench.parameters.values import build
from priorbench.ranking.boards import Board
from priorbench.ranking.compare import compare_methods
from priorbench.ranking.leaderboard import leaderboard
from priorbench.run.asking import asked_set
from priorbench.store.asked import Asked
from priorbench.store.database import Store
from priorbench_images import priorbench_image_sets

LEFT_OUT = "records of earlier versions or parameters of the same labels are left out"


@pytest.fixture
def run(command, tmp_path) -> Callable[..., str]:
    """Run some methods on images with one thread, in this process; give what was said."""

    def run(images: str, *more: str, methods: tuple[str, ...] = ("mean",)) -> str:
        choice = ("--images", images, *(part for one in methods for part in ("--denoiser", one)))
        done = plugged(
            "run", "-", *choice, *(() if "--noise" in more else ("--noise", "gaussian-25")), *HERE,
            *(() if "--threads" in more else ("--threads", "1")), *more,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    plugged = partial(command, PRIORBENCH_PLUGINS="standard,example,images")
    return run


@pytest.fixture
def boards(tmp_path) -> Callable[[], dict[str, Board]]:
    """Give the boards of the store by the names of their image sets."""

    def boards() -> dict[str, Board]:
        found = leaderboard(opened(tmp_path).scores())
        assert len({board.setting.image_set for board in found}) == len(found)
        return {board.setting.image_set: board for board in found}

    return boards


def opened(folder: Path) -> Store:
    """Open the store of a folder to read."""
    return Store(str(folder / "priorbench.db"), create=False)


def asked_in(folder: Path) -> Asked:
    """Return what was asked for in the store of a folder."""
    found = opened(folder).asked()
    assert found is not None
    return found


def pictures(folder: Path, *names: str, seed: int = 0, size: int = 80) -> Path:
    """Write pictures that all differ."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(make.encoded(make.photograph(size, size, seed=seed + number)))
    return folder


def images_of(found: dict[str, Board]) -> dict[str, tuple[int, dict[str, int]]]:
    """Return of each board the number of its images, and that of each of its rows."""
    return {
        name: (board.images, {row.name: row.images for row in board.rows}) for name, board in found.items()
    }


def notes(board: Board) -> list[str]:
    """Return the notes about records of other versions or names."""
    return [note for note in board.notes if LEFT_OUT in note or "another name" in note]


def iterations(board: Board) -> float | None:
    """Return after how many iterations the one method of a board ended."""
    [row] = board.rows
    return row.iterations


A, B = (f"approach:label=m,iterations={budget}" for budget in (3, 7))


def test_a_label_shows_the_setting_that_was_asked_for_last(run, boards):
    """A, B and again A, which runs nothing: before, the board stayed with B."""
    fixed = ("--stopping", "fixed")
    run("ramps:count=2", *fixed, methods=(A,))
    [board] = boards().values()
    assert (iterations(board), board.rows[0].images, notes(board)) == (3, 2, [])
    run("ramps:count=2", *fixed, methods=(B,))
    [board] = boards().values()
    assert (iterations(board), board.rows[0].images) == (7, 2)
    assert notes(board) == [f"2 {LEFT_OUT} (--run or --as-of shows them)"]
    assert "nothing to do" in run("ramps:count=2", *fixed, methods=(A,))
    [board] = boards().values()
    assert (iterations(board), board.rows[0].images) == (3, 2)
    assert notes(board) == [f"2 {LEFT_OUT} (--run or --as-of shows them)"]


def test_two_crops_of_a_folder_are_two_boards(run, boards, tmp_path):
    pictures(tmp_path / "set", "a.png", "b.png", "c.png", "d.png")
    for crop in (32, 64):
        run(f"folder:path=set,crop={crop}")
    assert images_of(boards()) == {"set (crop=32)": (4, {"mean": 4}), "set (crop=64)": (4, {"mean": 4})}


def test_two_folders_of_one_name_and_the_same_file_names_are_two_boards(run, boards, tmp_path):
    for number, parent in enumerate(("one", "two")):
        pictures(tmp_path / parent / "val", "a.png", "b.png", "c.png", seed=10 * number)
        run(f"{parent}/val")
    found = images_of(boards())
    assert list(found.values()) == [(3, {"mean": 3})] * 2
    assert all(name.startswith("val (a.png ") for name in found)


def test_two_folders_of_one_name_without_a_common_file_name_are_two_boards(run, boards, tmp_path):
    for parent, names in {"one": ("a.png", "b.png", "c.png"), "two": ("d.png", "e.png")}.items():
        pictures(tmp_path / parent / "val", *names)
        run(f"{parent}/val")
    assert images_of(boards()) == {
        "val (2 pictures)": (2, {"mean": 2}),
        "val (3 pictures)": (3, {"mean": 3}),
    }


def test_a_folder_that_was_copied_elsewhere_is_the_same_set(run, boards, tmp_path):
    log = calls_log(tmp_path)
    pictures(tmp_path / "here" / "val", "a.png", "b.png")
    run("here/val", methods=(f"mean:label=m,log=+{log}",))
    calls = len(log.read_text().splitlines())
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    assert "nothing to do" in run("there/val", methods=(f"mean:label=m,log=+{log}",))
    run("there/val", methods=("sleeps:label=other,seconds=0",))
    assert images_of(boards()) == {"val": (2, {"m": 2, "other": 2})}
    assert len(log.read_text().splitlines()) == calls


def test_a_part_and_the_whole_of_a_folder_are_one_board(run, boards, tmp_path):
    names = ("a.png", "b.png", "c.png", "d.png")
    pictures(tmp_path / "val", *names)
    run("val", "--limit", "1")
    assert images_of(boards()) == {"val": (1, {"mean": 1})}
    run("folder:path=val,limit=3")
    assert images_of(boards()) == {"val": (3, {"mean": 3})}
    for part in ("1/2", "2/2"):
        run("val", "--shard", part)
    assert images_of(boards()) == {"val": (4, {"mean": 4})}
    run("val", "--limit", "2", methods=("mean", "sleeps:label=other,seconds=0"))
    assert images_of(boards()) == {"val": (2, {"mean": 2, "other": 2})}
    assert "ranks are over the 2 images that all ranked methods restored; not over c.png; d.png" in (
        boards()["val"].notes
    )


def test_a_replaced_picture_makes_another_board_and_none_has_both(run, boards, tmp_path):
    pictures(tmp_path / "val", "a.png", "b.png", "c.png")
    run("val")
    before = next(iter(boards().values())).rows[0].psnr
    pictures(tmp_path / "val", "b.png", seed=99)
    run("val")
    found = boards()
    assert images_of(found) == dict.fromkeys(found, (3, {"mean": 3}))
    assert len(found) == 2 and all(name.startswith("val (b.png ") for name in found)
    scores = [board.rows[0].psnr for board in found.values()]
    assert before in scores and len(set(scores)) == 2
    digests = {record.image_sha256[:6] for record in opened(tmp_path).records() if record.image == "b.png"}
    assert set(found) == {f"val (b.png {digest})" for digest in digests}


def test_a_picture_that_is_put_back_is_of_the_first_set_again(run, boards, tmp_path):
    folder = pictures(tmp_path / "val", "a.png", "b.png")
    first = (folder / "b.png").read_bytes()
    run("val")
    [[name, board]] = boards().items()
    pictures(folder, "b.png", seed=99)
    run("val")
    (folder / "b.png").write_bytes(first)
    assert "nothing to do" in run("val")
    assert len(boards()) == 2
    assert name == "val" and board.rows[0].psnr in [one.rows[0].psnr for one in boards().values()]


def test_a_folder_called_like_a_shipped_set_has_a_board_of_its_own(run, boards, tmp_path):
    pictures(tmp_path / "photos", "a.png", "b.png")
    run("./photos")
    assert images_of(boards()) == {"photos": (2, {"mean": 2})}
    run("photos", "--limit", "1")
    assert images_of(boards()) == {"photos (folder)": (2, {"mean": 2}), "photos (photos)": (1, {"mean": 1})}


def test_a_method_that_is_called_otherwise_runs_nothing_and_is_shown_by_its_new_name(run, boards, tmp_path):
    run("ramps:count=2", methods=("mean:label=old", "sleeps:label=other,seconds=0"))
    assert "nothing to do" in run("ramps:count=2", methods=("mean:label=new",))
    [board] = boards().values()
    assert {row.name: row.images for row in board.rows} == {"new": 2, "other": 2}
    assert notes(board) == ["old was asked for under another name later: new"]
    [found] = compare_methods(opened(tmp_path).scores(), "old", "new").comparisons
    assert (found.difference.mean, found.difference.images) == (0.0, 2)
    run("ramps:count=2", methods=("mean:label=old",))
    [board] = boards().values()
    assert {row.name for row in board.rows} == {"old", "other"}
    assert notes(board) == ["new was asked for under another name later: old"]


def test_two_labels_of_one_method_in_a_suite_run_once_and_have_all_images(run, boards, tmp_path):
    log = calls_log(tmp_path)
    said = run("ramps:count=3", methods=(f"mean:label=one,log=+{log}", f"mean:label=two,log=+{log}"))
    assert "3 trials run" in said
    assert len(opened(tmp_path)) == 3
    assert len(log.read_text().splitlines()) == 4, "each image once, after one call to warm up"
    [board] = boards().values()
    assert [(row.name, row.images, row.rank) for row in board.rows] == [("one", 3, 1), ("two", 3, 1)]
    assert board.rows[0].psnr == board.rows[1].psnr
    asked = asked_in(tmp_path)
    assert (len(asked.key), len(asked.requests), len(asked.runs)) == (6, 2, 1)


def test_numbers_of_threads_are_in_the_names_of_the_rows(run, boards):
    for threads in "12":
        run("ramps:count=2", "--threads", threads)
    [board] = boards().values()
    assert sorted(row.name for row in board.rows) == ["mean@1-threads", "mean@2-threads"]
    assert [row.images for row in board.rows] == [2, 2]
    run("ramps:count=2", "--threads", "2", methods=("sleeps:label=other,seconds=0",))
    [board] = boards().values()
    assert "other@2-threads" in [row.name for row in board.rows]


def test_one_label_of_two_noises_is_two_boards(run, tmp_path):
    for sigma in ("0.05", "0.2"):
        run("ramps:count=2", "--noise", f"gaussian:label=mine,sigma={sigma}")
    found = leaderboard(opened(tmp_path).scores())
    assert [(board.setting.noise, board.images) for board in found] == [
        ("mine (sigma=0.05)", 2),
        ("mine (sigma=0.2)", 2),
    ]
    # clipping takes nothing from ramps between 0.2 and 0.8 at the first: -20 log10(0.05)
    assert found[0].noisy_psnr == pytest.approx(26.02, abs=0.5)
    assert found[0].rows[0].psnr > found[1].rows[0].psnr


BOTH = """
from pathlib import Path
from priorbench import hookimpl

@hookimpl
def priorbench_trial_finished(records, requests):
    lines = [f"{record.denoiser} as {request.denoiser.label} under {request.stopping.label}"
             for record, request in zip(records, requests, strict=True)]
    Path("both.txt").write_text("\\n".join(lines))
"""
ALONE = """
from pathlib import Path
from priorbench import hookimpl

@hookimpl
def priorbench_trial_finished(records):
    Path("alone.txt").write_text("\\n".join(f"{r.denoiser} {r.stopping_rule}" for r in records))
"""


def test_observers_are_told_of_records_and_if_they_ask_of_requests(command, tmp_path):
    for kind, text in (("both", BOTH), ("alone", ALONE)):  # a module's name is taken for good in this process
        (tmp_path / f"{kind}_{tmp_path.name}.py").write_text(text)
    plugins = [part for kind in ("both", "alone") for part in ("--plugin", f"{kind}_{tmp_path.name}.py")]
    method = ("--denoiser", "approach:label=mine,iterations=3")
    rules = ("--stopping", "fixed:label=end", "--stopping", "oracle")
    images = ("--images", "ramps:count=1", "--noise", "gaussian-25")
    done = command("run", "-", *images, *method, *rules, *HERE, *plugins)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "both.txt").read_text().splitlines() == [
        "approach as mine under end",
        "approach as mine under oracle",
    ]
    assert (tmp_path / "alone.txt").read_text().splitlines() == ["approach fixed", "approach oracle"]


def test_a_run_says_when_and_what_it_asked_for(run, tmp_path):
    run("ramps:count=2", "--limit", "1")
    asked = asked_in(tmp_path)
    [one] = asked.runs
    assert len(one.id) == 16 and int(one.id, 16) >= 0
    assert one.asked_at.startswith("20") and one.asked_at.endswith("+00:00") and len(one.asked_at) == 32
    assert "ramps:count=2" in one.source
    assert {"device": "cpu", "threads": 1, "limit": 1, "shard": None}.items() <= one.options.items()
    [request] = asked.requests
    assert (request.denoiser.label, request.noise.name) == ("mean", "gaussian-25")
    assert (request.image_set.label, request.image_set.name) == ("ramps:count=2", "ramps")
    [record] = opened(tmp_path).records()
    assert (record.image_set, record.noise, record.code) == ("ramps", "gaussian-25", request.code)


def test_a_request_does_not_tell_where_a_folder_lies(run, tmp_path):
    pictures(tmp_path / "private" / "val", "a.png")
    run("folder:path=private/val,crop=32,limit=1")
    [request] = asked_in(tmp_path).requests
    asked = request.image_set
    assert (asked.label, asked.name, asked.count) == ("val", "folder", 1)
    assert "path" not in asked.parameters and asked.cut["crop"] == 32 and "limit" not in asked.cut


def test_what_was_found_is_kept_where_the_run_ends_with_an_error(command, tmp_path, boards):
    """The third picture cannot be read: the first two were asked for under the new name all the same."""
    folder = pictures(tmp_path / "val", "a.png", "b.png")
    (folder / "c.png").write_bytes(b"no picture")
    words = ("run", "-", "--images", str(folder), "--noise", "gaussian-25", "--threads", "1", *HERE)
    plugged = {"PRIORBENCH_PLUGINS": "standard,example,images"}
    assert command(*words, "--denoiser", "mean:label=old", **plugged).returncode == 0
    assert command(*words, "--denoiser", "mean:label=new", "--strict", **plugged).returncode == 2
    assert images_of(boards()) == {"val": (2, {"new": 2})}


def test_folders_of_links_are_what_the_links_lead_to(tmp_path):
    """Listed without its links, a folder of class folders that are links would be like every other."""
    spec = next(one for one in priorbench_image_sets() if one.name == "folder")

    def asked(name: str, *pictures_in: str):
        pictures(tmp_path / f"{name}-classes", *pictures_in)
        (tmp_path / name / "pics").mkdir(parents=True)
        (tmp_path / name / "pics" / "cls").symlink_to(tmp_path / f"{name}-classes")
        choice = Choice(
            name="folder",
            label="pics",
            parameters={"path": str(tmp_path / name / "pics"), "follow_links": True},
        )
        return asked_set(choice, spec, build(import_factory(spec), choice.parameters))

    one, other = asked("a", "1.png", "2.png"), asked("b", "3.png", "4.png")
    assert (one.count, other.count) == (2, 2)
    assert one.members != other.members
