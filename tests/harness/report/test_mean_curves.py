"""The mean curve of a row ends at the row's point, and is over the same trials with the same averages."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from statistics import fmean

import numpy as np
import pytest
from report_things import make_store, trial

from priorbench.contract.records import Curve, Record
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.panels import panels
from priorbench.report.gathering import BoardKey, TimedCurve, gather
from priorbench.report.trajectories import Way, mean_curve, mean_curves


def fit(label: str, image: int, draw: int, rng: np.random.Generator, **changes) -> Record:
    """Return a record whose last look lies before its end, as it does with looks a tenth apart."""
    looks = int(rng.integers(3, 30))
    seconds = np.cumsum(rng.uniform(0.01, 5.0, looks + 1))
    psnr = tuple(rng.uniform(10, 30, looks).tolist())
    curve = Curve(
        iteration=tuple(range(1, looks + 1)),
        wall_seconds=tuple(seconds[:-1].tolist()),
        psnr=psnr,
        residual=(0.1,) * looks,
    )
    usual = {"wall_seconds": float(seconds[-1]), "stopping_rule": "fixed", "curve": curve}
    end = psnr[-1] + float(rng.normal(0, 0.1))
    return trial(label, image, end, repetition=draw, noisy_sha256=f"{image} {draw}", **(usual | changes))


RISE = Curve(
    iteration=(1, 2, 4, 8),
    wall_seconds=(1.0, 2.0, 4.0, 8.0),
    psnr=(10.0, 24.0, 28.0, 22.0),
    residual=(0.1,) * 4,
)


def shown(tmp_path, records):
    """Return the only board of some records, and its curves by the names of rows."""
    store = make_store(tmp_path, records)
    found = {BoardKey(panel.protocol, panel.setting): panel for panel in panels(store.scores())}
    [(key, story)] = gather(store.documents(), found).items()
    [board] = leaderboard(store.scores())
    curves = mean_curves(board, story, found[key])
    return board, {board.rows[number].name: curve for number, curve in curves.items()}


def independent_means(records: list[Record]) -> tuple[float, float]:
    """Return the mean of PSNR and the geometric mean of seconds, over draws first, from records alone."""
    psnr, logarithms = defaultdict(list), defaultdict(list)
    for record in records:
        psnr[record.image].append(record.psnr)
        logarithms[record.image].append(math.log(record.wall_seconds))
    return fmean(map(fmean, psnr.values())), math.exp(fmean(map(fmean, logarithms.values())))


@pytest.mark.parametrize("seed", range(5))
def test_a_curve_ends_at_the_point_of_its_row_and_both_are_the_means_of_the_records(tmp_path, seed):
    rng = np.random.default_rng(seed)
    slots = [(image, draw) for image in range(5) for draw in range(2)]
    records = [fit("network", *slot, rng) for slot in slots]
    board, curves = shown(tmp_path, records)
    psnr, seconds = independent_means(records)
    [row] = board.rows
    assert (row.psnr, row.seconds) == pytest.approx((psnr, seconds))
    at, values = curves["network"]
    assert (values[-1], at[-1]) == pytest.approx((psnr, seconds), rel=1e-5)
    first_psnr, first = independent_means(
        [
            dataclasses.replace(one, psnr=one.curve.psnr[0], wall_seconds=one.curve.wall_seconds[0])
            for one in records
        ]
    )
    assert (values[0], at[0]) == pytest.approx((first_psnr, first), rel=1e-5)
    assert np.all(np.diff(at) > 0)


def test_a_curve_is_over_the_trials_that_ranks_are_over(tmp_path):
    """An image that another ranked method did not restore is in no mean, and in no curve."""
    rng = np.random.default_rng(7)
    records = [fit("network", image, 0, rng) for image in range(6)]
    others = [trial(name, image, 25.0, noisy_sha256=f"{image} 0") for image in range(4) for name in "abc"]
    board, curves = shown(tmp_path, records + others)
    row = next(row for row in board.rows if row.denoiser == "network")
    psnr, seconds = independent_means(records[:4])
    assert (row.psnr, row.seconds) == pytest.approx((psnr, seconds))
    at, values = curves["network"]
    assert (values[-1], at[-1]) == pytest.approx((psnr, seconds), rel=1e-5)


def test_rules_that_watched_one_fit_have_one_curve_which_is_that_of_its_end(tmp_path):
    records = []
    for image in range(4):
        records += [
            trial("net", image, 28.0, curve=RISE, stopping_rule="early", wall_seconds=4.1),
            trial("net", image, 22.0, curve=RISE, stopping_rule="fixed", wall_seconds=8.5),
            trial("net", image, 28.0, curve=RISE, stopping_rule="oracle", wall_seconds=8.5, oracle=True),
            trial("net", image, 22.0, curve=RISE, stopping_rule="costly", wall_seconds=20.0),
        ]
    _, curves = shown(tmp_path, records)
    assert list(curves) == ["net@fixed"]
    assert (curves["net@fixed"][0][-1], curves["net@fixed"][1][-1]) == pytest.approx((8.5, 22.0))


def test_the_curve_of_a_rule_that_ended_its_fit_early_ends_there(tmp_path):
    records = [
        trial("net", image, 28.0, curve=RISE, stopping_rule="early", wall_seconds=4.1) for image in range(4)
    ]
    _, curves = shown(tmp_path, records)
    assert (curves["net"][0][-1], curves["net"][1][-1]) == pytest.approx((4.1, 28.0))


def test_a_row_with_a_trial_without_a_curve_has_none(tmp_path):
    rng = np.random.default_rng(3)
    records = [fit("network", image, 0, rng) for image in range(3)]
    records.append(fit("network", 3, 0, rng, curve=None))
    assert shown(tmp_path, records)[1] == {}


def test_curves_are_averaged_over_draws_first_and_then_over_images():
    def way(image: int, slope: float, end: float) -> Way:
        seconds = np.geomspace(0.1, end, 30, dtype=np.float32)
        psnr = (20 + slope * np.log10(seconds / 0.1)).astype(np.float32)
        return Way(
            image=image,
            curve=TimedCurve(seconds=seconds, psnr=psnr),
            seconds=end,
            psnr=20 + slope * math.log10(end / 0.1),
        )

    # Two draws of image 0, slopes 1 and 3, count as one image of slope 2; 1 has slope 4: 3 on average.
    seconds, psnr = mean_curve([way(0, 1, 10), way(0, 3, 10), way(1, 4, 10)])
    np.testing.assert_allclose(psnr, 20 + 3 * np.log10(seconds / 0.1), atol=0.01)
    # Ends of 1 s and 100 s: at 10 s, with 24 and 32 dB.
    seconds, psnr = mean_curve([way(0, 4, 1), way(1, 4, 100)])
    assert (seconds[-1], psnr[-1]) == pytest.approx((10, 28))
    exact = dataclasses.replace(way(2, 4, 10), psnr=math.nan)
    assert mean_curve([exact]) is None
    assert mean_curve([way(0, 4, 10), exact])[1][-1] == pytest.approx(28)
