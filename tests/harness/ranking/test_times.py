"""Times: one kind of mean, occasions, and intervals by hand and by scipy."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import scipy.stats
from sample_records import only, trial

from priorbench.contract.records import to_json
from priorbench.contract.requests import Run
from priorbench.ranking.compare import compare_methods, compare_stores
from priorbench.ranking.filters import Filter
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.times.occasions import PAUSE, occasions
from priorbench.ranking.times.ratios import half_width, variance_of_mean
from priorbench.store.database import Store
from priorbench.store.rows.earlier import request_of
from priorbench.store.scores import scores_of


def at(seconds: float) -> dict[str, str]:
    """When a trial began, in seconds after the first of January."""
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    return {"started_at": datetime.fromtimestamp(start + seconds, UTC).isoformat()}


DAY = 86400.0


def timed(label, seconds, *, day=0.0, **changes):
    """Records of a method: seconds by image, or by image and repetition; one begins each minute."""
    count = 0
    for image, own in enumerate(seconds):
        for repetition, value in enumerate(own if isinstance(own, list) else [own]):
            count += 1
            yield trial(
                label,
                str(image),
                30.0,
                repetition=changes.get("repetition", repetition),
                noisy_sha256=f"{image} {changes.get('repetition', repetition)}",
                wall_seconds=value,
                **at(day * DAY + 60.0 * count),
            )


def ratio_of(records, label="b", reference="a"):
    [found] = compare_methods(scores_of(records), label, reference).comparisons
    return found.time_ratio


def test_a_cell_of_seconds_and_a_ratio_are_means_of_one_kind():
    board = only([*timed("a", [[10.0, 10.0]]), *timed("b", [[1.0, 100.0]])])
    rows = {row.denoiser: row for row in board.rows}
    assert rows["b"].seconds == pytest.approx(10.0)
    assert rows["b"].time_ratio.value == pytest.approx(1.0)


def test_the_ratio_of_two_cells_is_the_ratio_of_times():
    rng = np.random.default_rng(3)
    seconds = rng.lognormal(0, 1, (2, 7, 3)).tolist()
    rows = {row.denoiser: row for row in only([*timed("a", seconds[0]), *timed("b", seconds[1])]).rows}
    assert rows["b"].time_ratio.value == pytest.approx(rows["b"].seconds / rows["a"].seconds, rel=1e-12)


def test_the_interval_of_one_occasion_is_the_t_interval_of_the_images():
    b = [3.0, 2.5, 4.0, 3.5, 2.0]
    found = ratio_of([*timed("a", [1.0] * 5), *timed("b", b)])
    logarithms = np.log(b)
    low, high = scipy.stats.t.interval(0.95, 4, logarithms.mean(), scipy.stats.sem(logarithms))
    assert (found.interval.low, found.interval.high) == pytest.approx((np.exp(low), np.exp(high)))
    assert (found.occasions, found.images) == (1, 5)


def test_another_level_is_another_quantile():
    values, share = np.array([0.1, 0.3, 0.2]), np.full(3, 1 / 3)
    images, once = np.arange(3), np.zeros(3, dtype=np.int64)
    wide, narrow = (half_width(values, share, images, once, level) for level in (0.99, 0.9))
    assert wide / narrow == pytest.approx(scipy.stats.t.ppf(0.995, 2) / scipy.stats.t.ppf(0.95, 2))


def test_times_of_two_days_have_a_ratio_and_no_interval():
    found = ratio_of([*timed("a", [1.0, 1.1, 1.0]), *timed("b", [1.3, 1.4, 1.3], day=1)])
    assert found.value == pytest.approx((1.3 * 1.4 * 1.3 / 1.1) ** (1 / 3))
    assert (found.interval, found.occasions, found.images) == (None, 0, 3)


def test_times_of_an_unknown_moment_have_no_interval():
    records = [trial(label, str(n), 30.0, wall_seconds=1.0 + n) for label in "ab" for n in range(3)]
    assert ratio_of(records).interval is None


def test_two_stores_of_one_code_hours_apart_have_no_interval():
    first, later = (scores_of(timed("a", [1.0, 1.2], day=day)) for day in (0, 0.3))
    [found] = compare_stores(first, later).comparisons
    assert (found.time_ratio.occasions, found.time_ratio.interval) == (0, None)


def days(of_day):
    """Records of two methods on three images, every day once: logarithms of the ratios, by day and image."""
    records = []
    for day, ratios in enumerate(of_day):
        both = {"day": day, "repetition": day}
        records += [
            *timed("a", [1.0] * len(ratios), **both),
            *timed("b", np.exp(ratios).tolist(), **both),
        ]
    return records


def test_the_interval_over_several_occasions_has_parts_of_images_and_of_occasions():
    ratios = np.array([[0.1, 0.15, 0.13], [0.3, 0.31, 0.38], [0.2, 0.21, 0.22], [0.0, 0.02, 0.05]])
    found = ratio_of(days(ratios))
    over_images = (scipy.stats.t.ppf(0.975, 2) * scipy.stats.sem(ratios.mean(axis=0))) ** 2
    over_occasions = (scipy.stats.t.ppf(0.975, 3) * scipy.stats.sem(ratios.mean(axis=1))) ** 2
    cells = (scipy.stats.t.ppf(0.975, 2) * scipy.stats.sem(ratios.ravel())) ** 2
    assert found.occasions == 4
    half = np.sqrt(max(over_images + over_occasions - cells, over_images, over_occasions))
    ends = ratios.mean() - half, ratios.mean() + half
    assert (found.interval.low, found.interval.high) == pytest.approx(np.exp(ends))


def test_if_each_image_is_of_one_occasion_the_wider_interval_counts():
    logarithms = np.array([0.1, 0.11, 0.12, 0.3, 0.31, 0.32])
    records = [*timed("a", [1.0] * 3), *timed("b", np.exp(logarithms[:3]).tolist())]
    second = [*timed("a", [1.0] * 6, day=1), *timed("b", np.exp(logarithms).tolist(), day=1)]
    found = ratio_of([*records, *(one for one in second if int(one.image) > 2)])
    means = [logarithms[:3].mean(), logarithms[3:].mean()]
    low, high = scipy.stats.t.interval(0.95, 1, np.mean(means), scipy.stats.sem(means))
    assert (found.interval.low, found.interval.high) == pytest.approx((np.exp(low), np.exp(high)))


def test_groups_count_by_their_share_in_the_mean():
    means, weights = [0.1, 0.4, 0.2], [0.5, 0.3, 0.2]
    centre, squares = 0.05 + 0.12 + 0.04, 0.25 + 0.09 + 0.04
    between = 0.5 * (0.1 - centre) ** 2 + 0.3 * (0.4 - centre) ** 2 + 0.2 * (0.2 - centre) ** 2
    found, groups = variance_of_mean(np.array(means), np.array(weights), np.arange(3))
    assert (found, groups) == (pytest.approx(between / (1 - squares) * squares), 3)


def test_the_variance_between_unequal_groups_is_unbiased():
    rng, weights = np.random.default_rng(0), np.array([0.6, 0.3, 0.1])
    drawn = rng.normal(0, 0.1, (5000, 3))
    estimated = [variance_of_mean(one, weights, np.arange(3))[0] for one in drawn]
    assert np.mean(estimated) == pytest.approx(0.01 * (weights**2).sum(), rel=0.04)


def test_the_interval_holds_about_95_in_100_where_occasions_differ():
    """As in tests/benchmarks/times_coverage.py; over images alone it would be 65."""
    rng, images, occasions, held = np.random.default_rng(1), 12, 3, 0
    image, occasion = np.tile(np.arange(images), occasions), np.repeat(np.arange(occasions), images)
    share = np.full(images * occasions, 1 / (images * occasions))
    for _ in range(1000):
        own = rng.normal(0, 0.1, images)[image] + rng.normal(0, 0.1, occasions)[occasion]
        values = own + rng.normal(0, 0.03, len(share))
        held += abs(values.mean()) <= half_width(values, share, image, occasion)
    assert 930 <= held <= 985


def test_trials_that_share_an_occasion_are_compared_and_others_left_out():
    *_, later = timed("b", [2.0, 2.2, 9.0], day=2)
    records = [*timed("a", [1.0, 1.0, 1.0]), *timed("b", [2.0, 2.2]), later]
    [found] = compare_methods(scores_of(records), "b", "a").comparisons
    assert (found.time_ratio.images, found.time_ratio.occasions) == (2, 1)
    assert found.time_ratio.value == pytest.approx((2.0 * 2.2) ** 0.5)
    assert "times are compared on 2 images; the others ran in unlike environments or occasions" in found.notes


def numbers(*trials):
    """Occasions of trials, given as their beginning, their seconds and further fields."""
    records = [
        trial("a", f"{place:03}", 30.0, key=f"{place:03}", wall_seconds=seconds, **at(begin), **changes)
        for place, (begin, seconds, changes) in enumerate(trials)
    ]
    return occasions(scores_of(records)).tolist()


def test_a_pause_of_half_an_hour_ends_an_occasion():
    assert numbers((0, 10, {}), (10 + PAUSE, 10, {}), (20 + 2 * PAUSE + 1, 1, {})) == [0, 0, 1]


def test_trials_that_overlap_are_of_one_occasion_in_whatever_order_they_are_stored():
    assert numbers((7100, 10, {}), (0, 7000, {}), (10, 10, {}), (2e5, 1, {})) == [0, 0, 0, 1]


def test_a_fit_may_go_on_after_the_iterate_that_counts():
    assert numbers((0, 4000, {}), (7900, 1, {}), (20000, 1, {})) == [0, 0, 1]


def test_environments_have_occasions_of_their_own_and_unknown_moments_have_none():
    here, there = {"environment": "here"}, {"environment": "there"}
    assert numbers((0, 1, here), (5, 1, there), (9, 1, here)) == [0, 1, 0]
    assert np.isnan(occasions(scores_of([trial("a", "1", 30.0, started_at="soon")]))).all()


def test_failed_trials_and_other_boards_fill_pauses():
    failed = {"status": "timeout", "limits": {"timeout": 3000.0}}
    assert numbers((0, 1, {}), (2, None, failed), (4000, 1, {})) == [0, 0, 0]
    elsewhere = [trial("z", "1", 30.0, noise="m", wall_seconds=1.0, **at(n * 1500)) for n in range(1, 4)]
    pair = [*timed("a", [1.0, 1.0]), *timed("b", [2.0, 2.1], day=4500 / DAY)]
    assert ratio_of(pair).occasions == 0
    assert ratio_of([*pair, *elsewhere]).occasions == 1


def test_what_other_runs_asked_for_fills_pauses_too(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    between = [trial("z", "1", 30.0, wall_seconds=1.0, **at(n * 1500), key=f"z{n}") for n in range(1, 4)]
    pair = [*timed("a", [1.0, 1.0]), *timed("b", [2.0, 2.1], day=4500 / DAY)]
    for number, records in enumerate((pair, between), 1):
        run = Run(id=f"{number:016x}", asked_at=f"2026-01-0{number}T00:00:00.000000+00:00")
        store.add_run(run)
        store.add(records, answers=[(request_of(to_json(one)), one.key, run.id) for one in records])
    [board] = leaderboard(store.scores(), only=Filter(run=f"{1:016x}"))
    store.close()
    assert [row.denoiser for row in board.rows] == ["a", "b"]
    assert board.rows[1].time_ratio.occasions == 1


def test_no_records_have_no_occasions():
    assert len(occasions(scores_of([]))) == 0
