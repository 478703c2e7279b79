"""Two methods or two stores: paired, and refused with a reason where that would be unfair."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.compare import compare_methods, compare_stores
from priorbench.ranking.filters import Filter
from priorbench.ranking.names import Place, find_place
from priorbench.store.database import Store
from priorbench.store.scores import scores_of


def trials(label, values, **changes):
    """Records of a method on images 0, 1, ...; of changes that are lists, one for each image."""
    for n, psnr in enumerate(values):
        own = {name: change[n] if isinstance(change, list) else change for name, change in changes.items()}
        base = {
            "image": str(n),
            "psnr": psnr,
            "mse": 0.01,
            "noisy_sha256": f"noise-{n}",
            "wall_seconds": 1.0 + n,
            "environment": "here",
        }
        yield record(f"{label}-{n}-{sorted(own.items())}", label=label, **(base | own))


A = [31.0, 33.0, 30.0, 35.0, 36.0, 37.5]
B = [30.0, 31.0, 29.5, 34.0, 33.0, 37.0]


def one(*records, a="a", b="b", **options):
    [found] = compare_methods(scores_of([*records]), a, b, **options).comparisons
    return found


def test_two_methods_are_paired_image_by_image():
    found = one(
        *trials("a", A),
        *trials(
            "b",
            reversed(B),
            image=[str(n) for n in range(5, -1, -1)],
            noisy_sha256=[f"noise-{n}" for n in range(5, -1, -1)],
            wall_seconds=[2.0 * (1 + n) for n in range(5, -1, -1)],
        ),
    )
    differences = [a - b for a, b in zip(A, B, strict=True)]
    assert found.difference.mean == pytest.approx(sum(differences) / 6)
    assert (found.difference.images, found.difference.win_rate) == (6, 1.0)
    assert found.difference.p == found.difference.p_adjusted == pytest.approx(2**-5)
    assert found.difference.interval.low > 0
    assert (found.psnr_a, found.psnr_b) == (pytest.approx(sum(A) / 6), pytest.approx(sum(B) / 6))
    assert found.time_ratio.value == pytest.approx(0.5)
    assert found.time_refused is None


def test_the_difference_changes_its_sign_with_the_order():
    records = [*trials("a", A), *trials("b", B)]
    forth, back = one(*records), one(*records, a="b", b="a")
    assert forth.difference.mean == -back.difference.mean
    assert forth.difference.p == back.difference.p


def test_failures_are_counted_and_left_out_pairwise():
    statuses = ["crashed", *["ok"] * 5]
    found = one(*trials("a", A), *trials("b", [None, *B[1:]], status=statuses))
    assert (found.difference.images, found.failures_a, found.failures_b) == (5, 0, 1)
    assert (found.only_a, found.only_b) == (1, 0)


def test_unlike_noise_is_refused():
    records = [*trials("a", A), *trials("b", B, noisy_sha256="another draw")]
    with pytest.raises(
        PriorbenchError, match=r"noise differs \(noisy_sha256\) on all of 6 images"
    ) as refusal:
        compare_methods(scores_of(records), "a", "b")
    assert len(str(refusal.value).splitlines()) == 1


def test_images_of_unlike_noise_are_left_out_and_counted():
    digests = ["another draw", *(f"noise-{n}" for n in range(1, 6))]
    found = one(*trials("a", A), *trials("b", B, noisy_sha256=digests))
    assert (found.difference.images, found.unlike_noise) == (5, 1)
    assert found.difference.mean == pytest.approx(sum(a - b for a, b in zip(A[1:], B[1:], strict=True)) / 5)


def test_unlike_protocols_are_refused():
    records = [*trials("a", A), *trials("b", B, protocol=2)]
    with pytest.raises(PriorbenchError, match="a has protocol 1, b protocol 2"):
        compare_methods(scores_of(records), "a", "b")


def test_methods_that_never_met_are_refused():
    with pytest.raises(PriorbenchError, match=r"(?s)s, m: only b has records.*|only a has records"):
        compare_methods(scores_of([*trials("a", A), *trials("b", B, noise="m")]), "a", "b")


def test_pictures_of_one_name_and_unlike_pixels_are_of_two_sets_and_refused():
    other_crop = [*trials("a", A, image_sha256="here"), *trials("b", B, image_sha256="there")]
    with pytest.raises(PriorbenchError) as refusal:
        compare_methods(scores_of(other_crop), "a", "b")
    assert str(refusal.value).splitlines() == [
        "a and b not compared on s (0 here), n: only a has records",
        "a and b not compared on s (0 there), n: only b has records",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"environment": "there"}, "unlike environments: processor, threads differ"),
        ({"device": "cuda"}, "unlike device: a cpu, b cuda"),
        ({"threads": 4}, "unlike number of threads: a 1, b 4"),
        ({"wall_seconds": None}, "no image that both were timed on"),
    ],
)
def test_times_of_unlike_conditions_are_refused_and_quality_is_compared(changes, reason):
    environments = {"here": {"processor": "x", "threads": 1}, "there": {"processor": "y", "threads": 2}}
    found = one(*trials("a", A), *trials("b", B, **changes), environments=environments)
    assert found.difference.images == 6
    assert (found.time_ratio, found.time_refused) == (None, reason)


def test_times_are_compared_where_the_environments_agree():
    environments = ["there", *["here"] * 5]
    found = one(*trials("a", A), *trials("b", B, environment=environments))
    assert (found.time_ratio.images, found.time_ratio.value) == (5, pytest.approx(1.0))
    assert any("5 images; the others ran in unlike environments" in note for note in found.notes)


def test_a_marked_timing_is_told():
    found = one(*trials("a", A, tainted="load 7"), *trials("b", B))
    assert "6 timings disturbed, by other work or fits" in found.notes


def test_rows_of_one_label_are_told_apart_by_rule_and_device():
    records = [
        *trials("a", A, stopping_rule="fixed"),
        *trials("a", [psnr + 1 for psnr in A], stopping_rule="best", oracle=True),
        *trials("b", B, stopping_rule="fixed"),
        *trials("b", B, stopping_rule="patience"),
        *trials("b", B, stopping_rule="patience", device="cuda"),
    ]
    assert one(*records, b="b@fixed").a == "a@fixed", "an oracle is meant only where it is named"
    assert one(*records, a="a@best", b="b@fixed").difference.mean == pytest.approx(8.0 / 6 + 1)
    assert one(*records, b="b@cuda").b == "b@patience@cuda"
    with pytest.raises(PriorbenchError, match=r"several rows.*b@fixed, b@patience@cpu, b@patience@cuda"):
        compare_methods(scores_of(records), "a", "b")
    with pytest.raises(PriorbenchError, match=r"several rows.*b@patience@cpu, b@patience@cuda"):
        compare_methods(scores_of(records), "a", "b@patience")
    with pytest.raises(UnknownNameError, match="did you mean 'b@fixed'"):
        compare_methods(scores_of(records), "a", "b@fixd")
    with pytest.raises(PriorbenchError, match="same row"):
        compare_methods(scores_of(records), "a", "a@fixed")


def test_the_family_of_holm_is_what_is_shown():
    everywhere = [
        trial
        for noise in "mno"
        for label, values in (("a", A), ("b", B))
        for trial in trials(label, values, noise=noise)
    ]
    found = compare_methods(scores_of(everywhere), "a", "b")
    assert [one.difference.p_adjusted for one in found.comparisons] == pytest.approx([3 * 2**-5] * 3)
    assert any("the smallest possible p is 0.094" in note for note in found.comparisons[0].notes)
    assert one(*everywhere, only=Filter(noise="m")).difference.p_adjusted == pytest.approx(2**-5)
    with pytest.raises(UnknownNameError, match="unknown noise in the store 'x'"):
        compare_methods(scores_of(everywhere), "a", "b", only=Filter(noise="x"))


def test_no_note_contradicts_a_verdict():
    """Holm corrects the clear comparison first, so that six images are enough for the other one."""
    more = [*A, *[value + 1 for value in A]], [*B, *B]
    found = compare_methods(
        scores_of(
            [
                trial
                for noise, sides in (("m", (A, B)), ("n", more))
                for label, values in zip("ab", sides, strict=True)
                for trial in trials(label, values, noise=noise)
            ]
        ),
        "a",
        "b",
    ).comparisons
    assert [one.difference.verdict for one in found] == ["better", "better"]
    assert found[0].difference.p_adjusted == pytest.approx(2**-5)
    assert not any("told apart" in note for one in found for note in one.notes)


def test_images_that_one_restored_exactly_count_in_what_can_be_told_apart():
    """Five have a PSNR of both, six are in the test."""
    found = one(*trials("a", [None, *A[1:]], mse=[0.0, *[0.01] * 5]), *trials("b", B))
    assert (found.difference.images, found.tested, found.difference.verdict) == (5, 6, "better")
    assert not any("told apart" in note for note in found.notes)
    assert any(note.startswith("5 images: few for intervals") for note in found.notes)


def test_two_stores_are_compared_on_the_methods_that_they_share():
    first = [*trials("a", A), *trials("b", B), *trials("only-here", A)]
    second = [*trials("a", [psnr - 0.5 for psnr in A], plugin_version="2"), *trials("b", B, threads=4)]
    found = compare_stores(scores_of(first), scores_of(second))
    assert [(one.a, one.b) for one in found.comparisons] == [("a", "a"), ("b", "b")]
    assert [one.difference.mean for one in found.comparisons] == [pytest.approx(0.5), 0.0]
    reason = "unlike number of threads: the first store 1, the second store 4"
    assert found.comparisons[1].time_refused == reason
    assert found.notes == ("only in the first store: only-here",)
    with pytest.raises(PriorbenchError, match=r"share no method.*first store: a; only in the second"):
        compare_stores(scores_of(trials("a", A)), scores_of(trials("b", B)))


@pytest.fixture
def stores(tmp_path):
    for name, records in {
        "one.db": [*trials("alpha", A), *trials("beta", B), *trials("gamma", B, noisy_sha256="other")],
        "two.db": [*trials("alpha", B), *trials("delta", B, protocol=2)],
    }.items():
        store = Store(f"sqlite:///{tmp_path}/{name}")
        store.add(records)
        store.close()


@pytest.mark.usefixtures("stores")
def test_the_command_prints_a_table_or_json(command, process):
    done = process("compare", "alpha", "beta", "--store", "one.db")
    assert done.returncode == 0, done.stderr
    assert "+1.3 [" in done.stdout and "100 %" in done.stdout
    found = json.loads(command("compare", "alpha", "beta", "--store", "one.db", "--format", "json").stdout)
    assert found["comparisons"][0]["difference"]["mean"] == pytest.approx(8.0 / 6)
    assert found["comparisons"][0]["time_ratio"]["value"] == pytest.approx(1.0)
    both = json.loads(command("compare", "one.db", "two.db", "--format", "json").stdout)
    assert [one["a"] for one in both["comparisons"]] == ["alpha"]


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["alpha", "gamma", "--store", "one.db"], "the noise differs"),
        (["alpha", "delta", "--store", "two.db"], "protocol"),
        (["alpha", "betta", "--store", "one.db"], "did you mean 'beta'?"),
        (["alpha", "beta", "--store", "none.db"], "no store at"),
        (["one.db", "nosuch.db"], "there is a store one.db, but no file nosuch.db"),
        (["alpha", "beta", "--store", "one.db", "--noise", "x"], "unknown noise"),
    ],
)
def test_the_command_refuses_with_one_line_and_status_2(command, arguments, reason):
    done = command("compare", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and reason in done.stderr


def test_methods_are_compared_operator_by_operator():
    common = {"operator": "mask", "noisy_sha256": [f"mask-{n}" for n in range(6)]}
    records = [*trials("a", A), *trials("b", B), *trials("a", B, **common), *trials("b", A, **common)]
    denoising, inpainting = compare_methods(scores_of(records), "a", "b").comparisons
    assert (str(denoising.setting), str(inpainting.setting)) == ("s, n", "s, mask, n")
    assert denoising.difference.mean == -inpainting.difference.mean > 0
    [alone] = compare_methods(scores_of(records), "a", "b", only=Filter(operator="mask")).comparisons
    assert alone.psnr_a == inpainting.psnr_a
    apart = [*trials("a", A), *trials("b", B, **common)]
    with pytest.raises(PriorbenchError, match="a and b not compared on s, mask, n: only b has records"):
        compare_methods(scores_of(apart), "a", "b")


SALTS = ("0123456789abcdef", "fedcba9876543210")


def test_results_of_unlike_salts_are_refused_as_unlike_noise_is():
    one, other = SALTS
    records = [*trials("a", A, salt=one), *trials("b", B, salt=other), *trials("c", B)]
    with pytest.raises(PriorbenchError) as refused:
        compare_methods(scores_of(records), "a", "b")
    assert f"the noise differs: a ran with salt {one}, b with salt {other}" in str(refused.value)
    with pytest.raises(PriorbenchError, match=f"the noise differs: c ran without a salt, a with salt {one}"):
        compare_methods(scores_of(records), "a", "c")
    stores = [scores_of(list(trials("a", A, salt=salt))) for salt in SALTS]
    with pytest.raises(PriorbenchError, match="the noise differs: the first store ran with salt"):
        compare_stores(*stores)
    assert compare_stores(stores[0], stores[0]).comparisons[0].difference.mean == 0.0


def test_what_both_ran_with_one_salt_is_compared_and_the_rest_is_told():
    records = [*trials("a", A, salt=SALTS[0]), *trials("b", B, salt=SALTS[0]), *trials("b", B, salt=SALTS[1])]
    found = compare_methods(scores_of(records), "a", "b")
    assert [one.setting.salt for one in found.comparisons] == [SALTS[0]]
    assert [one.reason for one in found.refused] == ["only b has records"]


def test_names_are_taken_as_boards_show_them():
    """From a column beside that of rules, with marks and conditions, from a note, or shortened."""
    places = [
        Place("deep-decoder-under", "es-wmv+ema-0.99", "cpu", 1),
        Place("deep-decoder-under", "fixed", "cpu", 1),
        Place("deep-decoder-under", "fixed", "cuda", 1),
        Place("my method", None, "cpu", 1),
        Place("tv", None, "cpu", 1),
    ]
    wmv, fixed, on_gpu, mine, tv = places
    for name, place in (
        ("deep-decoder-under@es-wmv+ema-0.99", wmv),
        ("deep-decoder-under (es-wmv+ema-0.99)", wmv),
        ("deep-decoder-under   es-wmv+ema-0.99", wmv),
        ("deep-decoder-under (!)  es-wmv+ema-0.99", wmv),
        ("deep-decoder-under, es-wmv+ema-0.99", wmv),
        ("deep-dec…under@es-…0.99", wmv),
        ("deep-decoder-under@fixed @cuda", on_gpu),
        ("deep-decoder-under @cuda (?)  fixed", on_gpu),
        ("deep-decoder-under (fixed) @cpu", fixed),
        ("my method", mine),
        ("my method (?)", mine),
        ("tv *", tv),
        ("tv @batch-4", tv),
    ):
        assert find_place(name, places) == place, name
    for name in ("deep…under", "deep-decoder-under (fixed)", "deep-decoder-under  fixed"):
        with pytest.raises(PriorbenchError, match="names several rows of the store; use one of"):
            find_place(name, places)
    for name in ("deep…over", "tv (fixed)", "tv fixed"):
        with pytest.raises(UnknownNameError):
            find_place(name, places)


def test_the_command_says_in_words_which_is_better(command, tmp_path):
    long = "a-label-that-is-longer-than-its-column"
    with closing(Store(f"sqlite:///{tmp_path}/priorbench.db")) as store:
        store.add([*trials("a", A), *trials("b", B), *trials(long, [psnr - 0.001 for psnr in A])])
    text = command("compare", "a", "b").stdout
    assert "a better" in text.splitlines()[1] and "difference: a minus b" in text
    assert "b better" not in text and "a better" in command("compare", "b", "a").stdout.splitlines()[1]
    unclear = command("compare", "a", "b", "--level", "0.99").stdout
    assert (
        "no difference shown" in unclear.splitlines()[1]
        and "it does not say that the two are equal" in unclear
    )
    alike = command("compare", "a", long).stdout.splitlines()
    assert alike[:2] == ["A: a", f"B: {long}"]
    assert "A dB" in alike[2] and "equal in practice" in alike[3]


def test_the_means_of_two_methods_are_over_the_draws_that_are_compared():
    """Of an image with several draws, one that either restored exactly is in no mean of either."""
    records = [
        record(
            f"{label}-{image}-{draw}",
            label=label,
            image=str(image),
            image_sha256=str(image),
            repetition=draw,
            noisy_sha256=f"{image}-{draw}",
            psnr=None if exact else psnr + image + 4.0 * draw,
            mse=0.0 if exact else 0.01,
        )
        for label, psnr in (("a", 30.0), ("b", 29.0))
        for image in range(6)
        for draw in range(2)
        for exact in [(label, image, draw) == ("b", 0, 1)]
    ]
    found = one(*records)
    assert found.difference.mean == pytest.approx(1.0)
    assert found.psnr_a - found.psnr_b == pytest.approx(found.difference.mean)
    assert found.psnr_a == pytest.approx((30.0 + sum(30.0 + image + 2.0 for image in range(1, 6))) / 6)
