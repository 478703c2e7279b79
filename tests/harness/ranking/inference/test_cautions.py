"""Notes of a board about the records behind it."""

from __future__ import annotations

from sample_records import only, trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.rules import rules_boards


def shown(image: str, pixels: str, **changes):
    return [
        trial(label, image, 30.0 + number, image_sha256=pixels * 64, **changes)
        for number, label in enumerate("ab")
    ]


def notes(*images):
    """Return what a board says of the pixels of its images."""
    board = only([one for image in images for one in image])
    return [note for note in board.notes if "pixels" in note]


def test_images_with_the_same_pixels_are_told_and_no_number_changes():
    one, two, three = shown("1.png", "a"), shown("2.png", "b"), shown("3.png", "a")
    assert notes(one, two) == []
    assert notes(one, two, three) == [
        "2 of 3 images have the pixels of another (1.png = 3.png): they count as 3 images, but there are only"
        " 2 pictures; intervals and p claim too much"
    ]
    different = [one, two, shown("3.png", "c")]
    same, other = (only([item for some in part for item in some]) for part in ([one, two, three], different))
    assert same.images == other.images == 3
    assert same.rows == other.rows


def test_many_copies_of_one_picture_are_named_in_short():
    copies = [shown(f"{number}.png", "a") for number in range(5)]
    assert notes(*copies) == [
        "5 of 5 images have the pixels of another (0.png = 1.png = 2.png = 2 more): they count as 5 images,"
        " but there is only one picture; intervals and p claim too much"
    ]


def test_repetitions_of_an_image_are_no_copies_and_what_is_not_ranked_over_does_not_count():
    draws = [shown("1.png", "a", repetition=n, noisy_sha256=f"n{n}") for n in range(2)]
    assert notes(*draws, shown("2.png", "b")) == []
    lonely = [trial("a", "3.png", 30.0, image_sha256="a" * 64)]
    assert notes(*draws, shown("2.png", "b"), lonely) == []


def test_images_whose_digest_is_not_known_are_not_called_the_same():
    assert notes([trial("a", "1", 30.0), trial("a", "2", 30.0)]) == []


def test_disputed_records_are_counted_on_their_own_board():
    here = [trial("a", "1", 30.0, key="k"), trial("a", "2", 30.0, key="l")]
    there = [trial("a", "1", 30.0, key="m", noise="other")]
    boards = leaderboard([*here, *there], disputed={"k", "l", "none"})
    told = {board.setting.noise: [note for note in board.notes if "elsewhere" in note] for board in boards}
    assert told == {
        "n": [
            "2 records of this board had another result elsewhere, which is kept beside: of both, the one"
            " that was measured first counts"
        ],
        "other": [],
    }


def fits(rule: str, stops: list[int], **changes):
    """Return fits of a method, one for each image, by the iteration at which a rule needed no more."""
    return [
        trial(
            "net", str(n), 30.0, key=f"{rule}-{n}-{changes}", stopping_rule=rule, stopped_at=stop, **changes
        )
        for n, stop in enumerate(stops)
    ]


def ended(records):
    """Return what the leaderboard says of fits that ended; the board of rules says the same."""
    [board], [rules] = leaderboard(records), rules_boards(records)
    found = [note for note in board.notes if "ended" in note]
    assert found == [note for note in rules.notes if "ended" in note]
    return found


def test_fits_that_ended_by_themselves_are_counted():
    told = "ended by itself, before its budget was spent: net: {}"
    budget = {"parameters": {"iterations": 100}}
    assert ended(fits("fixed", [100, 40, 100], **budget)) == [told.format("1 of 3 fits, median iteration 40")]
    assert ended(fits("fixed", [40, 60], **budget)) == [told.format("2 of 2 fits, median iteration 50")]
    own = {"stopping_parameters": {"iterations": 50}}
    assert ended(fits("fixed", [50, 50], **budget, **own)) == []
    assert ended(fits("fixed", [100, 40])) == [told.format("1 of 2 fits, median iteration 40")]
    assert ended(fits("fixed", [40, 40])) == [], "no record tells of a budget"


def test_a_rule_that_fired_ended_no_fit_and_rules_of_a_fit_count_it_once():
    budget = {"parameters": {"iterations": 100}}
    stopped = fits("es", [30, 40, 40], fired=True, **budget)
    assert ended(stopped) == []
    [note] = ended([*stopped, *fits("fixed", [100, 80, 100], **budget)])
    assert note.endswith("net: 1 of 3 fits, median iteration 80")


def test_a_rule_whose_criterion_was_not_met_says_nothing_of_the_method():
    """``hold-out-refit`` stops its second fit where it had chosen in the first, and has not fired."""
    assert ended(fits("refit", [70, 80], fired=False, parameters={"iterations": 100})) == []
