"""``priorbench compare``: two methods, or two stores, image by image."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, print_grid, print_json, remark, say, table_grid
from priorbench.cli.common.store_options import (
    ImageSetOption,
    NoiseOption,
    OperatorOption,
    StoreOption,
    SuitesOption,
    TagsOption,
    filter_of,
)
from priorbench.cli.common.stores import reading
from priorbench.cli.leaderboard import LevelOption, RopeOption, prepare_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from priorbench.ranking.claims import Claims
    from priorbench.ranking.compare import Comparisons
    from priorbench.ranking.compare_rows import Comparison
    from priorbench.ranking.filters import Filter
    from priorbench.rendering.terminal.grid import Grid


#: a longer name of a row stands above the table, not above its column
_SHORT = 12


def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help="A method: LABEL or LABEL@RULE; or a store: URL or file.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What A is compared with.")],
    store: StoreOption = None,
    image_set: ImageSetOption = None,
    noise: NoiseOption = None,
    operator: OperatorOption = None,
    suite: SuitesOption = None,
    tag: TagsOption = None,
    level: LevelOption = 0.95,
    rope: RopeOption = 0.02,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
) -> None:
    """Compare two methods, or the methods that two stores share, on the images that both restored."""
    prepare_statistics()
    from priorbench.ranking.claims import Claims
    from priorbench.store.address import shown

    only = filter_of(
        image_set=image_set,
        noise=noise,
        operator=operator,
        suite=suite,
        tag=tag,
    )
    claims = Claims(level=level, rope=rope)
    with ExitStack() as stores:
        found = _comparisons(a, b, store, only, claims, stores)
        if format is Format.JSON:
            tables = {name: _flat(value) for name, value in asdict(found).items()}
            print_json({"a": shown(a), "b": shown(b), **tables})
        else:
            _print(found, claims)


def _flat(items: Any) -> Any:
    """Write the parts of each setting beside the other values, as in the JSON of a leaderboard."""
    return [{**item.pop("setting"), **item} if isinstance(item, dict) else item for item in items]


def _comparisons(
    a: str, b: str, store: str | None, only: Filter, claims: Claims, stores: ExitStack
) -> Comparisons:
    """Compare two stores if both arguments are, else two methods."""
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.compare import compare_methods, compare_stores
    from priorbench.store.address import shown

    if store is None and _is_store(a) and _is_store(b):
        first, second = (stores.enter_context(reading(name)) for name in (a, b))
        environments = first.environments() | second.environments()
        return compare_stores(
            first.scores(), second.scores(), environments=environments, only=only, claims=claims
        )
    if store is None and _is_store(a) != _is_store(b):
        one, other = (a, b) if _is_store(a) else (b, a)
        raise PriorbenchError(
            f"compare two methods or two stores: there is a store {shown(one)}, but no file {other};"
            " if both are methods, name their store with --store"
        )
    source = stores.enter_context(reading(store))
    return compare_methods(
        source.scores(), a, b, environments=source.environments(), only=only, claims=claims
    )


def _is_store(name: str) -> bool:
    return "://" in name or Path(name).is_file()


def _print(found: Comparisons, claims: Claims) -> None:
    """Print the comparisons for a person, and on standard error what was refused."""
    from priorbench.ranking.compare import refusal_lines
    from priorbench.words import few, plural

    stores = all(one.a == one.b for one in found.comparisons)
    some = found.comparisons[0]
    a, b = ("first", "second") if stores else _called(some.a, some.b)
    columns, grid = _table(found.comparisons, a, b, stores)
    if grid.hidden and not stores:
        a, b = "A", "B"
        columns, grid = _table(found.comparisons, a, b, stores)
    if a != some.a and not stores:
        say(f"A: {some.a}")
        say(f"B: {some.b}")
    print_grid(grid)
    shown = grid.shown
    verdicts = columns["verdict"] if "verdict" in shown else []
    if "difference dB" in shown:
        say(f"difference: {a} minus {b}, mean over images, {claims.percent} interval")
    if "no difference shown" in verdicts:
        say("no difference shown: these images cannot tell; it does not say that the two are equal")
    if "equal in practice" in verdicts:
        say(f"equal in practice: the interval is within {claims.rope:g} dB of zero")
    family = plural(len(found.comparisons), "comparison")
    if "p" in shown:
        several = f", Holm-corrected for {family}" if len(found.comparisons) > 1 else ""
        say(f"p: sign-flip test of the mean difference{several}")
    if "× time" in shown:
        ratios = [one.time_ratio for one in found.comparisons if one.time_ratio is not None]
        known = any(ratio.shown_interval is not None for ratio in ratios)
        interval = f", {claims.percent} interval over images" if known else ""
        say(f"× time: {a} over {b}, ratio of geometric means{interval}")
    if "only" in shown:
        say(f"only: images that only {a} / only {b} restored")
    if "failed" in shown:
        say(f"failed: trials of {a} / {b}")
    for line, where in _remarks(found.comparisons, times="× time" in shown).items():
        everywhere = len(where) == len(found.comparisons)
        say(line if everywhere else f"{few(where)}: {line}")
    for line in (*found.notes, *refusal_lines(found.refused)):
        remark(line)


def _table(
    comparisons: Sequence[Comparison], a: str, b: str, stores: bool
) -> tuple[dict[str, list[str]], Grid]:
    """Return the columns of the table, and what of it there is room for."""
    columns = _columns(comparisons, a, b, stores)
    grid = table_grid(
        list(columns),
        list(zip(*columns.values(), strict=True)),
        names=("method",),
        whole=[name for name in columns if name not in ("where", "method", "verdict")],
        dispensable=("wins", "only", "× time", "images", (f"{a} dB", f"{b} dB"), "p"),
    )
    return columns, grid


def _called(a: str, b: str) -> tuple[str, str]:
    """Return the names of the rows in headings: A and B where they are long."""
    return ("A", "B") if max(len(a), len(b)) > _SHORT else (a, b)


def _columns(comparisons: Sequence[Comparison], a: str, b: str, stores: bool) -> dict[str, list[str]]:
    """Return the columns of the table that say something."""
    from priorbench.rendering.board.numbers import difference_digits, ratio_text
    from priorbench.rendering.columns import difference, probability
    from priorbench.words import number, percent

    digits = difference_digits(one.difference for one in comparisons)
    time_ratio = ratio_text([one.time_ratio for one in comparisons])
    verdicts = {"better": f"{a} better", "worse": f"{b} better", "equivalent": "equal in practice"}
    every: dict[str, Callable[[Comparison], str]] = {
        "where": lambda one: str(one.setting),
        "method": lambda one: one.a if stores else "",
        "images": lambda one: str(one.difference.images),
        f"{a} dB": lambda one: number(one.psnr_a, 2),
        f"{b} dB": lambda one: number(one.psnr_b, 2),
        "difference dB": lambda one: difference(one.difference, digits),
        "p": lambda one: probability(one.difference.p_adjusted),
        "verdict": lambda one: verdicts.get(one.difference.verdict, "no difference shown"),
        "wins": lambda one: percent(one.difference.win_rate),
        "× time": lambda one: time_ratio(one.time_ratio),
        "only": lambda one: f"{one.only_a} / {one.only_b}" if one.only_a or one.only_b else "",
        "failed": lambda one: (
            f"{one.failures_a} / {one.failures_b}" if one.failures_a or one.failures_b else ""
        ),
    }
    columns = {name: [cell(one) for one in comparisons] for name, cell in every.items()}
    return {name: cells for name, cells in columns.items() if any(cells)}


def _remarks(comparisons: Sequence[Comparison], *, times: bool) -> dict[str, list[str]]:
    """Return each remark with the places that it is about; `times` says whether × time is shown."""
    from priorbench.words import plural

    found: dict[str, list[str]] = {}
    for one in comparisons:
        unlike = plural(one.unlike_noise, "image")
        lines = [
            *([f"{unlike} left out: the noise differs (noisy_sha256)"] if one.unlike_noise else []),
            *([f"times are not compared: {one.time_refused}"] if one.time_refused else []),
            *(_occasions(one) if times else []),
            *one.notes,
        ]
        for line in lines:
            found.setdefault(line, []).append(str(one.setting))
    return found


def _occasions(one: Comparison) -> list[str]:
    """Say what the interval of a ratio of times knows of occasions."""
    from priorbench.rendering.times import NO_OCCASION, ONE_OCCASION, over_occasions, too_wide

    ratio = one.time_ratio
    if ratio is None:
        return []
    if not ratio.occasions:
        rows = f"{one.a} of the two stores" if one.a == one.b else f"{one.a} and {one.b}"
        return [f"× time: {rows} were timed in no occasion together, so it is {NO_OCCASION}"]
    if ratio.shown_interval is None:
        return [f"× time: {wide}"] if (wide := too_wide(ratio)) else []
    return [f"× time: {ONE_OCCASION if ratio.occasions == 1 else over_occasions(ratio)}"]
