"""Builds the HTML page from what was gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from priorbench.ranking.boards import Board
from priorbench.ranking.claims import CLAIMS
from priorbench.ranking.filters import EVERYTHING, Filter, wanted_panels
from priorbench.ranking.names import Place
from priorbench.ranking.panels import Panel
from priorbench.ranking.rules import RulesBoard, rules_boards
from priorbench.ranking.targets import Asked, TargetBoard
from priorbench.ranking.targets.board import collected
from priorbench.ranking.targets.collecting import Collector
from priorbench.rendering.markers import Marker, markers
from priorbench.report.charts import speed_chart
from priorbench.report.differences import difference_chart
from priorbench.report.gathering import BoardKey, gather
from priorbench.report.per_image import per_image
from priorbench.report.pictures import Shown, pictures
from priorbench.report.quality import quality
from priorbench.report.ranks import across, rank_picture
from priorbench.report.repeating import repeats
from priorbench.report.settings import board_conditions, environment_facts, methods
from priorbench.report.table import ranking
from priorbench.report.text import breakable, readable, script_json
from priorbench.report.trajectories import mean_curves
from priorbench.store.database import Store


def html_report(boards: Sequence[Board], store: Store, *, only: Filter = EVERYTHING) -> str:
    """Return the boards of a store as one HTML page that needs no network.

    Parameters
    ----------
    boards : Sequence[Board]
        what `priorbench.ranking.leaderboard.leaderboard` made of this store.
    store : Store
        where the records are.
    only : Filter, optional
        the one that `boards` were made with.
    """
    scores = store.scores()
    by_key = {_key(panel): panel for panel in wanted_panels(scores, only)}
    collector = Collector(list(by_key.values()))
    stories = gather(collector.passing(store.documents()), by_key)
    targets = {_key(found): found for found in collected(collector, list(by_key.values()), Asked())}
    claims = boards[0].claims if boards else CLAIMS
    rules = {_key(found): found for found in rules_boards(scores, only=only, claims=claims)}
    shown = markers(
        [
            *((row.denoiser, row.name) for board in boards for row in board.rows),
            *((one.label, one.name) for board in targets.values() for one in board.methods),
        ]
    )
    seen = {
        _key(board): Shown(
            board=board, story=stories[_key(board)], results=per_image(board, by_key[_key(board)])
        )
        for board in boards
    }
    crops = pictures(store, seen)
    sections = [
        _section(number, seen[_key(board)], by_key[_key(board)], shown)
        | {
            "pictures": crops[_key(board)],
            "quality": quality(board, targets.get(_key(board)), rules.get(_key(board)), shown),
        }
        for number, board in enumerate(boards)
    ]
    page = (
        _templates()
        .get_template("page.html")
        .render(
            sections=sections,
            overall=across(boards),
            image_sets=list(dict.fromkeys(board.setting.image_set for board in boards)),
            noises=list(dict.fromkeys(board.setting.noise for board in boards)),
            labels=sorted({row.denoiser for board in boards for row in board.rows}),
            environments=environment_facts(store.environments(), stories),
            methods=methods(stories),
            repeats=repeats(stories, scores.asked),
            errors=_error_colours(),
            data=script_json([section["data"] for section in sections]),
            bokeh=_bokeh(),
        )
    )
    return str(readable(page))


def _key(board: Board | Panel | TargetBoard | RulesBoard) -> BoardKey:
    return BoardKey(board.protocol, board.setting)


def _section(number: int, seen: Shown, panel: Panel, shown: Mapping[str, Marker]) -> dict[str, Any]:
    """Return what the template of a board needs; `data` is what the page's script needs."""
    board, story, results = seen.board, seen.story, seen.results
    curves = mean_curves(board, story, panel)
    reference = next((place for place, row in enumerate(board.rows) if row.name == board.reference), None)
    speed = speed_chart(board, curves, shown)
    difference = difference_chart(board, results.difference, shown)
    return {
        "id": f"board-{number}",
        "number": number,
        "board": board,
        "ranking": ranking(board, shown),
        "rank_picture": rank_picture(board),
        "failures": [
            (row, failure)
            for row in board.rows
            if (told := story.rows.get(_place(row))) is not None
            for failure in told.failures.values()
        ],
        "conditions": board_conditions(board, story),
        "untimed": [row.shown for row in board.rows if row.psnr is not None and row.seconds is None],
        "has_speed": speed is not None,
        "has_difference": difference is not None,
        "data": {
            "speed": speed,
            "difference": difference,
            "images": [readable(name) for name in results.images],
            "rows": [{"name": readable(row.shown), "label": readable(row.denoiser)} for row in board.rows],
            "psnr": [
                [round(value, 3) if value == value else None for value in row]
                for row in results.psnr.tolist()
            ],
            "reference": reference,
        },
    }


def _place(row: Any) -> Place:
    return Place(row.denoiser, row.stopping_rule, row.device, row.threads)


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("priorbench.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    return environment


def _error_colours() -> list[str]:
    """Return the colours of error maps, from none to the largest error that they tell apart."""
    from bokeh.palettes import Inferno256

    return list(Inferno256[::5])


def _bokeh() -> Markup:
    """Return bokeh's script: the part that draws, without its tables, widgets and WebGL."""
    from bokeh.resources import Resources

    return Markup("\n".join(Resources(mode="inline", components=["bokeh"], log_level="warn").js_raw))
