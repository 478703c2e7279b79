"""Boards of what was asked for: the newest under each name, and only pictures of one set together."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from asked_things import a_set, choice, request, results, run_of, told

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.boards import Row
from priorbench.ranking.compare import compare_methods
from priorbench.ranking.filters import Filter, wanted_records
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store

A, B = (request("m", denoiser=choice("m", k=k)) for k in (1, 2))
OF_A, OF_B = results("m-of-1", [30.0, 31.0, 32.0]), results("m-of-2", [20.0, 21.0, 22.0])
LEFT_OUT = "of earlier versions or parameters of the same labels are left out (--run or --as-of shows them)"
ONE_IS_OUT = LEFT_OUT.replace(" are left", " is left")


def boards(*questions, **options) -> dict[str, dict[str, tuple[float | None, int]]]:
    """Return name of the image set -> name of the row -> PSNR and number of images."""
    found = leaderboard(told(*questions).scores(), **options)
    return {
        board.setting.image_set: {row.name: (row.psnr, row.images) for row in board.rows} for board in found
    }


def the_row(*questions, **options) -> tuple[Row, list[str]]:
    """Return the one row of the one board, and the notes about what was left out."""
    [board] = leaderboard(told(*questions).scores(), **options)
    [row] = board.rows
    return row, [note for note in board.notes if "left out" in note]


def test_of_several_settings_under_one_label_the_one_asked_for_last_is_shown():
    """Before, it was the one whose record was stored last: the third run stored nothing, and showed B."""
    days = [(1, A, OF_A), (2, B, OF_B), (3, A, OF_A)]
    row, notes = the_row(days[0])
    assert (row.psnr, row.images, notes) == (31.0, 3, [])
    for count, psnr in ((2, 21.0), (3, 31.0)):
        row, notes = the_row(*days[:count])
        assert (row.psnr, row.images, notes) == (psnr, 3, [f"3 records {LEFT_OUT}"])


def test_one_run_and_an_earlier_day_show_what_they_asked_for():
    days = [(1, A, OF_A), (2, B, OF_B), (3, A, OF_A)]
    row, notes = the_row(*days, only=Filter(as_of="2026-01-02T12:00:00+00:00"))
    assert (row.psnr, notes) == (21.0, [f"3 records {LEFT_OUT}"])
    row, notes = the_row(*days, only=Filter(run=run_of(2).id))
    assert (row.psnr, notes) == (21.0, [])
    row, notes = the_row(*days, only=Filter(run=run_of(1).id))
    assert (row.psnr, notes) == (31.0, [])
    with pytest.raises(PriorbenchError, match="nothing was asked for until 2025"):
        the_row(*days, only=Filter(as_of="2025-12-31T00:00:00+00:00"))
    with pytest.raises(UnknownNameError, match="unknown run in the store 'ffff'"):
        the_row(*days, only=Filter(run="ffff"))
    with pytest.raises(PriorbenchError, match="begins the ids of several runs"):
        the_row(*days, only=Filter(run="0000"))


def test_a_run_on_a_part_leaves_the_rest_of_its_own_version_and_counts_the_other():
    row, notes = the_row((1, A, OF_A), (2, B, OF_B[:1]), (3, A, OF_A[:1]))
    assert (row.psnr, row.images, notes) == (31.0, 3, [f"1 record {ONE_IS_OUT}"])


@pytest.mark.parametrize(
    "change",
    [
        {"code": "edited"},
        {"metrics": ("lpips",)},
        {"denoiser": choice("other", "m", k=1)},
    ],
)
def test_code_metrics_and_method_are_part_of_the_version(change):
    row, notes = the_row((1, A, OF_A), (2, replace(A, **change), OF_B))
    assert (row.psnr, row.images, notes) == (21.0, 3, [f"3 records {LEFT_OUT}"])


def test_parameters_of_the_rule_are_part_of_the_version():
    """Two budgets under one label of a rule."""
    short, long = (replace(A, stopping=choice("fixed", iterations=budget)) for budget in (10, 100))
    row, notes = the_row((1, long, OF_A), (2, short, OF_B))
    assert (row.denoiser, row.stopping_rule, row.psnr) == ("m", "fixed", 21.0)
    assert notes == [f"3 records {LEFT_OUT}"]


@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_one_set_under_two_labels_is_one_board(days):
    """Pictures, noise and keys are the same: they were two boards, and methods of both never met."""
    labels = ("photos-64", "photos:crop=64")
    short, plain = (a_set(label, name="photos", parameters={"crop": 64}) for label in labels)
    a, b = results("a", [30.0, 32.0]), results("b", [29.0, 31.0])
    questions = (days[0], request("a", image_set=short), a), (days[1], request("b", image_set=plain), b)
    other, name = labels if days == (1, 2) else reversed(labels)
    assert boards(*questions) == {name: {"a": (31.0, 2), "b": (30.0, 2)}}
    [board] = leaderboard(told(*questions).scores())
    assert f"{name} is also called {other}: the same images, on one board" in board.notes
    for label in (name, other):
        [found] = leaderboard(told(*questions).scores(), only=Filter(image_set=label))
        assert found.setting.image_set == name
        named = wanted_records(told(*questions).scores(), Filter(image_set=label))
        assert len(named) == 4 and all(one.current for one in named.values())
    with pytest.raises(UnknownNameError):
        leaderboard(told(*questions).scores(), only=Filter(image_set="photos-65"))


def test_a_method_of_both_labels_is_one_row_and_the_last_asked_for_counts():
    sets = [a_set(label, name="photos", parameters={"crop": 64}) for label in ("x", "y")]
    first, second = (replace(one, image_set=of) for one, of in zip((A, B), sets, strict=True))
    row, notes = the_row((1, first, OF_A), (2, second, OF_B))
    assert (row.psnr, row.images, notes) == (21.0, 3, [f"3 records {LEFT_OUT}"])


def test_a_part_with_a_label_of_its_own_is_on_the_board_of_the_whole_and_does_not_name_it():
    def asked(label, **more):
        return a_set(label, name="photos", parameters={"crop": 8, "limit": None} | more, choosing=("limit",))

    records, more = results("a", [30.0, 32.0]), results("b", [20.0])
    whole, part = request("a", image_set=asked("all")), request("b", image_set=asked("all:limit=1", limit=1))
    assert boards((1, whole, records), (2, part, more)) == {"all": {"a": (30.0, 1), "b": (20.0, 1)}}


def test_other_pixels_under_another_label_are_another_board():
    """Neither a picture that was replaced, nor another folder whose files are called the same."""
    for name, members in (("photos", ""), ("folder", "x")):
        one, other = (a_set(label, name=name, members=members, count=2) for label in ("one", "other"))
        a, b = results("a", [30.0, 31.0]), results("b", [20.0, 21.0])
        b = [b[0], replace(b[1], image_sha256="new", noisy_sha256="new")]
        found = boards((1, request("a", image_set=one), a), (2, request("b", image_set=other), b))
        assert found == {"one": {"a": (30.5, 2)}, "other": {"b": (20.5, 2)}}


def test_folders_whose_files_are_called_the_same_need_a_picture_in_common():
    one, other = (a_set(label, name="folder", members="x", count=2) for label in ("one", "other"))
    a, b = results("a", [30.0, 31.0]), results("b", [20.0, 21.0])
    apart = (1, request("a", image_set=one), a[:1]), (2, request("b", image_set=other), b[1:])
    assert boards(*apart) == {"one": {"a": (30.0, 1)}, "other": {"b": (21.0, 1)}}
    together = (1, request("a", image_set=one), a), (2, request("b", image_set=other), b[1:])
    assert boards(*together) == {"other": {"a": (31.0, 1), "b": (21.0, 1)}}


def test_other_parameters_and_unknown_names_are_never_united():
    sets = [
        a_set("one", name="photos", parameters={"crop": 64}),
        a_set("two", name="photos", parameters={"crop": 65}),
        a_set("three", name="pictures", parameters={"crop": 64}),
        a_set("four", name=""),
        a_set("five", name=""),
    ]
    questions = [(1, request(image_set=one), results(one.label, [30.0], pixels=one.label)) for one in sets]
    assert sorted(boards(*questions)) == ["five", "four", "one", "three", "two"]


def test_two_crops_of_one_folder_have_boards_of_their_own():
    cropped = {
        crop: request(image_set=a_set("set", name="folder", parameters={"crop": crop}, members="x", count=4))
        for crop in (32, 64)
    }
    found = boards(
        *((crop - 31, cropped[crop], results(f"a{crop}", [psnr] * 4, pixels=f"{crop} of "))
          for crop, psnr in ((32, 30.0), (64, 31.0)))
    )  # fmt: skip
    assert found == {"set (crop=32)": {"a": (30.0, 4)}, "set (crop=64)": {"a": (31.0, 4)}}


def test_a_parameter_that_only_chooses_images_makes_no_other_board():
    few = a_set("set", parameters={"limit": 1, "crop": 8}, choosing=("limit",))
    all_ = a_set("set", parameters={"crop": 8}, choosing=("limit",))
    records = results("a", [30.0, 32.0])
    whole = {"set": {"a": (31.0, 2)}}
    assert boards((1, request(image_set=few), records[:1]), (2, request(image_set=all_), records)) == whole
    assert boards((1, request(image_set=all_), records), (2, request(image_set=few), records[:1])) == whole


def test_a_parameter_that_came_later_and_is_none_makes_no_other_board():
    """Two boards of one name, "set ()", came of the same pictures."""
    before = a_set("set", name="folder", parameters={"crop": 8}, members="x", count=2)
    now = replace(before, parameters={"crop": 8, "white": None})
    records = results("a", [30.0, 32.0])
    whole = {"set": {"a": (31.0, 2)}}
    assert boards((1, request(image_set=before), records), (2, request(image_set=now), records)) == whole
    white = request(image_set=replace(before, parameters={"crop": 8, "white": 4095.0}))
    found = boards((1, request(image_set=now), records), (2, white, results("w", [20.0] * 2, pixels="w")))
    assert sorted(found) == ["set (white=4095)", "set (white=none)"]


def test_folders_of_one_name_are_told_apart_by_what_is_in_them():
    one = request(image_set=a_set("val", name="folder", members="x", count=3))
    other = request(image_set=a_set("val", name="folder", members="y", count=2))
    found = boards((1, one, results("a", [30.0] * 3)), (2, other, results("b", [31.0] * 2, pixels="b")))
    assert found == {"val (2 pictures)": {"a": (31.0, 2)}, "val (3 pictures)": {"a": (30.0, 3)}}
    same = request(image_set=replace(other.image_set, count=3))
    found = boards((1, one, results("a", [30.0] * 3)), (2, same, results("b", [31.0] * 3, pixels="b")))
    assert sorted(found.values(), key=str) == [{"a": (30.0, 3)}, {"a": (31.0, 3)}]
    assert all(name.startswith("val (3 pictures, ") for name in found)


def test_a_folder_called_like_a_set_and_sets_of_one_label_have_boards_of_their_own():
    shipped = request(image_set=a_set("photos"))
    folder = request(image_set=a_set("photos", name="folder", members="x", count=2))
    found = boards((1, shipped, results("a", [30.0] * 2)), (2, folder, results("b", [31.0] * 2, pixels="b")))
    assert found == {"photos (folder)": {"a": (31.0, 2)}, "photos (photos)": {"a": (30.0, 2)}}


def test_a_replaced_picture_makes_two_sets_and_none_has_both():
    """What a run on the unchanged ones alone asked for, is of both."""
    before = results("a", [30.0, 30.0, 30.0])
    [new] = [replace(results("a", [0.0, 36.0])[1], key="new", image_sha256="new pixels")]
    after = [before[0], new, before[2]]
    found = boards((1, request(), before), (2, request(), after), (3, request(), [before[0], before[2]]))
    assert found == {"s (1 1)": {"a": (30.0, 3)}, "s (1 new pi)": {"a": (32.0, 3)}}
    third = results("b", [25.0, 0.0, 27.0])
    found = boards((1, request(), before), (2, request(), after), (3, request("b"), [third[0], third[2]]))
    assert found == {
        "s (1 1)": {"a": (30.0, 2), "b": (26.0, 2)},
        "s (1 new pi)": {"a": (30.0, 2), "b": (26.0, 2)},
    }


def test_noisy_pictures_that_are_given_make_a_set_as_clean_ones_do():
    """One folder of clean pictures, two cameras: they were one board, image by image of either."""

    def of(camera, name, psnr, **changes):
        values = results(name, [psnr, psnr + 1], **changes)
        return [
            replace(one, key=f"{camera}{one.key}", noisy_sha256=f"{camera} {one.image}") for one in values
        ]

    def asked(name):
        return request(name, given=True)

    good, poor = (of("x", "a", 33.0), of("x", "b", 32.0)), (of("y", "a", 24.0), of("y", "b", 23.0))
    found = leaderboard(
        told(
            (1, asked("a"), good[0]),
            (1, asked("b"), good[1]),
            (2, asked("a"), poor[0]),
            (2, asked("b"), poor[1]),
        ).scores()
    )
    shown = sorted([row.psnr for row in board.rows] for board in found)
    assert shown == [[24.5, 23.5], [33.5, 32.5]]
    assert not any("left out" in note for board in found for note in board.notes)
    part = of("x", "c", 31.0)[:1]
    found = leaderboard(told((1, asked("a"), good[0]), (2, asked("c"), part)).scores())
    assert [len(board.rows) for board in found] == [2]


def test_a_set_with_a_new_picture_has_boards_only_where_it_was_asked_for():
    """Noise p was never asked for after the picture was replaced: there is no board of it on the new set."""
    before, after = results("a", [30.0, 31.0]), results("b", [36.0, 0.0])
    changed = [replace(after[0], key="new", image_sha256="new"), before[1]]
    other = request(noise=choice("p"))
    questions = [(1, request(), before), (1, other, results("c", [20.0, 21.0])), (2, request(), changed)]
    found = {
        (board.setting.image_set, board.setting.noise): (board.images, board.rows[0].psnr)
        for board in leaderboard(told(*questions).scores())
    }
    assert found == {("s (0 0)", "n"): (2, 30.5), ("s (0 new)", "n"): (2, 33.5), ("s (0 0)", "p"): (2, 20.5)}


def test_a_folder_of_one_picture_is_called_so():
    one, other = (
        request(image_set=a_set("val", name="folder", members=str(count), count=count)) for count in (1, 2)
    )
    questions = (1, one, results("a", [30.0])), (2, other, results("b", [31.0] * 2, pixels="b"))
    assert list(boards(*questions)) == ["val (1 picture)", "val (2 pictures)"]


def test_a_picture_that_is_replaced_while_a_run_goes_on_is_never_beside_the_old_one():
    records = results("a", [30.0, 31.0])
    new = replace(results("b", [35.0])[0], image_sha256="new")
    found = boards((1, request("a"), records), (1, request("b"), [new]))
    assert found == {"s (0 0)": {"a": (30.5, 2)}, "s (0 new)": {"b": (35.0, 1)}}


def test_a_method_that_was_called_otherwise_is_on_the_board_once_and_can_be_compared():
    old, new = (request(label, denoiser=choice("m", label, k=1)) for label in ("old", "new"))
    questions = [(1, old, OF_A), (1, request("b"), results("b", [29.0, 30.5, 30.0])), (2, new, OF_A)]
    [board] = leaderboard(told(*questions).scores())
    assert [(row.name, row.psnr, row.images) for row in board.rows] == [
        ("new", 31.0, 3),
        ("b", pytest.approx(89.5 / 3), 3),
    ]
    assert "old was asked for under another name later: new" in board.notes
    [found] = compare_methods(told(*questions).scores(), "old", "new").comparisons
    assert (found.a, found.b, found.difference.mean, found.difference.images) == ("old", "new", 0.0, 3)
    [found] = compare_methods(told(*questions).scores(), "old", "b").comparisons
    assert found.difference.mean == pytest.approx(1.0 + 1 / 6)


def test_two_labels_of_one_method_in_one_run_both_stay():
    one, two = (request(label, denoiser=choice("m", label, k=1)) for label in ("one", "two"))
    scores = told((1, one, OF_A), (1, two, OF_A)).scores()
    [board] = leaderboard(scores)
    assert [(row.name, row.psnr, row.rank) for row in board.rows] == [("one", 31.0, 1), ("two", 31.0, 1)]
    assert len(scores.key) == 3


def test_rows_of_unlike_conditions_say_so_in_their_names():
    def named(*conditions: dict) -> list[str]:
        """Return the names of rows that ran so; each is asked for by its own names."""
        [board] = leaderboard(
            [
                record
                for number, own in enumerate(conditions)
                for record in results(f"key-{number}", [30.0 - number] * 2, **{"denoiser": "m"} | own)
            ]
        )
        assert [row.psnr for row in board.rows] == [30.0 - number for number in range(len(conditions))]
        assert all("@".join(row.conditions) in row.name for row in board.rows)
        return [row.name for row in board.rows]

    assert named({"threads": 1}, {"threads": 2}) == ["m@1-threads", "m@2-threads"]
    assert named({"device": "cpu"}, {"device": "cuda:1"}) == ["m@cpu", "m@cuda"]
    other = {"denoiser": "o"}
    assert named({}, other) == ["m", "o"]
    assert named({"threads": 1}, other | {"threads": 2}) == ["m@1-threads", "o@2-threads"]
    assert named({"batch": 1}, other | {"batch": 8}) == ["m@batch-1", "o@batch-8"]
    apart = {"environment": "0123456789"}, other | {"environment": "fedcba9876"}
    assert named(*apart) == ["m@env-012345", "o@env-fedcba"]
    assert named({"environment": "x", "threads": 1}, other | {"environment": "y", "threads": 2}) == [
        "m@1-threads",
        "o@2-threads",
    ]
    both = {"environment": "x", "batch": 1}, other | {"environment": "y", "batch": 4}
    assert named(*both) == ["m@batch-1@env-x", "o@batch-4@env-y"]


def test_a_row_is_found_by_the_name_that_its_board_gives_it():
    records = [
        *results("m", [30.0, 31.0], environment="0123456789"),
        *results("o", [29.0, 31.0], environment="fedcba9876"),
    ]
    [board] = leaderboard(records, reference="o@env-fedcba")
    assert board.reference == "o@env-fedcba"
    assert board.rows[0].difference.mean == 0.5


def test_one_label_of_two_noises_has_two_boards():
    low, high = (request(noise=choice("gaussian", "noise", sigma=sigma)) for sigma in (0.1, 0.2))
    other = request(noise=choice("poisson", "noise", peak=30))
    questions = [(1, low, results("a", [30.0])), (2, high, results("b", [25.0], noisy_psnr=14.0))]
    found = leaderboard(told(*questions).scores())
    assert [(board.setting.noise, board.rows[0].psnr) for board in found] == [
        ("noise (sigma=0.1)", 30.0),
        ("noise (sigma=0.2)", 25.0),
    ]
    assert {board.labels.noise for board in found} == {"noise"}
    questions.append((3, other, results("c", [24.0])))
    assert [board.setting.noise for board in leaderboard(told(*questions).scores())] == [
        "noise (gaussian, sigma=0.1)",
        "noise (gaussian, sigma=0.2)",
        "noise (poisson)",
    ]
    [chosen] = leaderboard(told(*questions).scores(), only=Filter(noise="noise (poisson)"))
    assert chosen.rows[0].psnr == 24.0
    assert len(leaderboard(told(*questions).scores(), only=Filter(noise="noise"))) == 3


def test_one_label_of_two_operators_has_two_boards():
    dense, sparse = (request(operator=choice("mask", "holes", keep=keep)) for keep in (0.5, 0.1))
    questions = [(1, dense, results("a", [30.0])), (2, sparse, results("b", [25.0]))]
    found = leaderboard(told(*questions).scores())
    assert [(board.setting.operator, board.rows[0].psnr) for board in found] == [
        ("holes (keep=0.1)", 25.0),
        ("holes (keep=0.5)", 30.0),
    ]


def everything() -> list:
    """Return questions of every kind that the tests above ask one at a time."""
    folder = a_set("val", name="folder", members="x", count=3)
    records = results("a", [30.0, 31.0, 33.0])
    new = replace(results("a", [34.0])[0], key="new", image_sha256="new")
    return [
        (1, A, OF_A),
        (2, B, OF_B),
        (3, A, OF_A[:2]),
        (4, request("a"), records),
        (5, request("a"), [new, *records[1:]]),
        (5, request("c", threads=2), results("c", [29.0, 28.0, 27.5], threads=2, environment="f")),
        (6, request("again", denoiser=choice("a", "again", k=1)), [new, *records[1:]]),
        (6, request("a", image_set=folder), results("f", [26.0] * 3, pixels="f")),
        (7, request("a", image_set=replace(folder, members="y", count=1)), results("g", [25.0], pixels="g")),
        (7, request("a", image_set=a_set("t"), noise=choice("p", "n", peak=3)), results("p", [22.0, 23.0])),
        (7, request("d"), results("d", [None, 28.0], status="crashed")),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_something_was_added_does_not_matter(tmp_path, seed):
    whole = told(*everything())
    wanted = leaderboard(whole.scores())
    assert len(wanted) == 5
    draw = random.Random(seed)
    parts = (whole.records, whole.answers, whole.runs)
    records, answers, runs = (draw.sample(part, len(part)) for part in parts)
    assert leaderboard(replace(whole, records=records, answers=answers, runs=runs).scores()) == wanted
    store = Store(f"sqlite:///{tmp_path}/a.db")
    for run in runs:
        store.add_run(run)
    for record in records:
        store.add([record], answers=[answer for answer in answers if answer[1] == record.key])
    assert leaderboard(store.scores()) == wanted
    store.close()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_records_that_no_request_names_does_not_matter(seed):
    first, later = ({"started_at": f"2026-01-0{day}T00:00:00+00:00"} for day in (1, 2))
    old = results("a", [20.0, 21.0], denoiser="m", plugin_version="1", **first)
    records = [*old, *results("b", [30.0, 31.0], denoiser="m", plugin_version="2", **later)]
    records += results("c", [29.0, 29.5], threads=2)
    [wanted] = leaderboard(records)
    assert [(row.name, row.psnr) for row in wanted.rows] == [("m@1-threads", 30.5), ("c@2-threads", 29.25)]
    assert leaderboard(random.Random(seed).sample(records, len(records))) == [wanted]


def test_a_name_given_later_hides_the_earlier_one_only_if_it_has_every_record():
    """A part under a new label is no reason to leave out the whole under the old one."""
    old, new = (request("m", denoiser=choice("mean", label)) for label in ("old", "new"))
    records = results("mean", [30.0, 31.0, 32.0])
    assert boards((1, old, records), (2, new, records[:1])) == {"s": {"old": (31.0, 3), "new": (30.0, 1)}}
    assert boards((1, old, records[:1]), (2, new, records)) == {"s": {"new": (31.0, 3)}}


def test_a_reference_with_conditions_is_one_of_a_board():
    records = [
        replace(one, environment=mark)
        for label, mark in (("a", "aaaaaa1"), ("b", "bbbbbb2"))
        for one in results(label, [30.0, 31.0])
    ]
    store = told((1, request("a"), records[:2]), (1, request("b"), records[2:]))
    [board] = leaderboard(store.scores(), reference="a@env-aaaaaa")
    assert board.reference == "a@env-aaaaaa"
    for wrong in ("a@env-bbbbbb", "a@batch-4"):
        with pytest.raises(UnknownNameError, match="Allowed: a@env-aaaaaa, b@env-bbbbbb"):
            leaderboard(store.scores(), reference=wrong)


def test_versions_that_are_not_the_same_two_everywhere_are_told():
    sets = [a_set("photos"), a_set("kodak")]
    days = {
        (day, one.label): (
            day,
            request("m", denoiser=choice("m", k=day), image_set=one),
            results(f"m{day}", [30.0 + day, 31.0], pixels=one.label, image_set=one.label),
        )
        for day in (1, 2, 3)
        for one in sets
    }
    everywhere = [days[day, label] for day in (1, 2) for label in ("photos", "kodak")]
    assert compare_methods(told(*everywhere).scores(), "m@previous", "m").notes == ()
    later = [*everywhere, days[3, "photos"]]  # on kodak, m is what m@previous is on photos
    [note] = compare_methods(told(*later).scores(), "m@previous", "m").notes
    assert "not the same two versions everywhere" in note
    assert "photos, n: m@previous of 2026-01-02" in note and "kodak, n: m of 2026-01-02" in note
    alone = compare_methods(told(*later).scores(), "m@previous", "m", only=Filter(image_set="photos"))
    assert alone.notes == ()
