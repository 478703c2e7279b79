"""The report of damaged and strange records: what is not known is said; what measures nothing is left out."""

from __future__ import annotations

import dataclasses

import pytest
from report_things import iterative, make_store

from priorbench.contract.records import Curve
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.panels import panels
from priorbench.report import html_report
from priorbench.report.gathering import BoardKey, gather


def test_a_page_of_records_that_are_all_damaged_says_what_is_unknown(tmp_path):
    store = make_store(tmp_path, [iterative("net", number, 30.0) for number in range(2)])
    store.write(lambda connection: connection.exec_driver_sql("UPDATE records SET curve = X'00'"))
    page = html_report(leaderboard(store.scores()), store)
    assert len(store.damage) == 2 and "their sizes unknown" in page
    store.close()


@pytest.mark.filterwarnings("error")
def test_points_of_a_curve_that_measure_nothing_are_left_out(tmp_path):
    strange = Curve(
        iteration=tuple(range(1, 7)),
        wall_seconds=(1e-300, 0.1, 0.2, 1e308, 0.3, -1e308),
        psnr=(1.0, 1e308, 20.0, 20.0, -1e308, 20.0),
        residual=(None,) * 6,
    )
    store = make_store(tmp_path, [dataclasses.replace(iterative("net", 0, 30.0), curve=strange)])
    shown = {BoardKey(panel.protocol, panel.setting): panel for panel in panels(store.scores())}
    [story] = gather(store.documents(), shown).values()
    [[curve]] = [row.curves.values() for row in story.rows.values()]
    assert (curve.seconds.tolist(), curve.psnr.tolist()) == ([pytest.approx(0.2)], [20.0])
    store.close()
