"""Observers are told, one by one; one that raises stops no other."""

from __future__ import annotations

import logging

import pytest

from priorbench import hookimpl
from priorbench.loading.load import load_registry, notify


class Observer:
    """Notes what it is told; raises where it is asked to."""

    def __init__(self, name: str, *, raises: type[BaseException] | None = None) -> None:
        self.__name__ = name
        self.raises = raises
        self.told: list[str] = []

    @hookimpl
    def priorbench_run_started(self, suite: str) -> None:
        """Take fewer arguments than there are."""
        self.told.append(suite)
        if self.raises:
            raise self.raises(f"in suite {suite}")


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit])
def test_an_observer_that_raises_is_reported_once_and_stops_no_other(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    observers = [Observer("first"), Observer("bad", raises=error), Observer("last")]
    registry = load_registry(allow=[], extra_modules=observers)
    with caplog.at_level(logging.WARNING):
        notify(registry, "priorbench_run_started", suite="a", planned=1)
        notify(registry, "priorbench_run_started", suite="b", planned=1)
    assert [observer.told for observer in observers] == [["a", "b"]] * 3
    (record,) = caplog.records
    assert "plugin 'bad'" in record.getMessage()
    assert f"priorbench_run_started raised {error.__name__}: in suite a" in record.getMessage()


def test_observers_are_told_in_the_order_of_pluggy() -> None:
    order: list[str] = []

    class First:
        @hookimpl(tryfirst=True)
        def priorbench_run_started(self) -> None:
            order.append("first")

    class Other:
        @hookimpl
        def priorbench_run_started(self) -> None:
            order.append("other")

    for extra in ([First(), Other()], [Other(), First()]):
        order.clear()
        registry = load_registry(allow=[], extra_modules=extra)
        notify(registry, "priorbench_run_started", suite="a", planned=1)
        assert registry.manager is not None
        notified = order.copy()
        order.clear()
        registry.manager.hook.priorbench_run_started(suite="a", planned=1)
        assert notified == order == ["first", "other"]


def test_an_interrupt_in_an_observer_passes() -> None:
    registry = load_registry(allow=[], extra_modules=[Observer("bad", raises=KeyboardInterrupt)])
    with pytest.raises(KeyboardInterrupt):
        notify(registry, "priorbench_run_started", suite="a", planned=1)
