"""Stores that a command reads: opened, closed, and what could not be read is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from priorbench.cli.common.output import remark

if TYPE_CHECKING:
    from priorbench.store.database import Store

#: rows that are named, at most
_NAMED = 10
_SOME_LEFT_OUT = 1


@contextmanager
def reading(name: str | None) -> Iterator[Store]:
    """Open a store for reading; rows that cannot be read are named at the end, and the exit status is 1."""
    from priorbench.store.database import Store, store_url

    store = Store(store_url(name), create=False)
    try:
        yield store
    finally:
        store.close()
        _tell_damage(store)
    if store.damage:
        raise typer.Exit(_SOME_LEFT_OUT)


@contextmanager
def writing(name: str | None) -> Iterator[Store]:
    """Open a store for writing; say so if that changed its form."""
    from priorbench.store.database import Store, store_url
    from priorbench.words import plural

    store = Store(store_url(name))
    try:
        if store.remark:
            remark(store.remark)
        if store.renewed:
            changed = plural(store.renewed, "record")
            remark(f"the store {store.url} was of an earlier version: {changed} brought to the present form")
        yield store
    finally:
        store.close()


def tell_disputed(store: Store) -> None:
    """Say how many records have another result beside them."""
    from priorbench.ranking.inference.cautions import disputed_note

    if disputed := store.disputed():
        remark(disputed_note(len(disputed), "store"))


def _tell_damage(store: Store) -> None:
    from priorbench.words import one_line, plural

    damage = list(store.damage.values())
    if not damage:
        return
    remark(f"the store {store.url} has {plural(len(damage), 'damaged row')}, left out here:")
    for item in damage[:_NAMED]:
        remark(f"  {item.where}: {one_line(item.reason)}")
    if len(damage) > _NAMED:
        remark(f"  and {len(damage) - _NAMED} more")
