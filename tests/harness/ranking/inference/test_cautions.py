"""Notes of a board about the records behind it."""

from __future__ import annotations

from sample_records import only, trial

from priorbench.ranking.leaderboard import leaderboard


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
