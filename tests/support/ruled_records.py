"""Records of methods under stopping rules, for tests: what each rule lost is known."""

from __future__ import annotations

from collections.abc import Sequence

from sample_records import trial

from priorbench.contract.records import Record
from priorbench.ranking.rules import rules_boards


def bound(image: int) -> float:
    """Return the PSNR of the best iterate on an image."""
    return 30.0 + image


def ruled(rule: str, gaps: Sequence[float], *, method: str = "dd", **changes) -> list[Record]:
    """Return the records of a rule by what it lost on image 0, 1, ...; of an oracle if it is called so."""
    return [
        trial(
            method,
            str(image),
            bound(image) - gap,
            **{
                "key": f"{method}-{rule}-{image}-{changes}",
                "stopping_rule": rule,
                "oracle": rule == "oracle",
                "oracle_psnr": bound(image),
                **changes,
            },
        )
        for image, gap in enumerate(gaps)
    ]


def rows_of(records, **options):
    """Return the rows of the one board of some records, by method and rule."""
    [board] = rules_boards(records, **options)
    return {(row.denoiser, row.stopping_rule): row for row in board.rows}


def only_row(records, **options):
    [row] = rows_of(records, **options).values()
    return row
