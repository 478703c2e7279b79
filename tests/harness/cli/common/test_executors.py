"""Executors have parameters like everything else, and options that stand for some of them."""

from __future__ import annotations

import pytest

from priorbench.cli.common.executors import choose_executor
from priorbench.contract.specs import ExecutorSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import PluginStatus, Registered, Registry


class Queue:
    """Never runs anything."""

    def __init__(
        self,
        *,
        registry: Registry,
        jobs: int = 1,
        threads: int = 1,
        timeout: float | None = None,
        memory: int | None = None,
        address: str = "",
        wait: float = 60.0,
    ) -> None:
        self.registry, self.address, self.wait = registry, address, wait


@pytest.fixture
def registry():
    plugin = PluginStatus(name="p", module="p", distribution="d", version="1")
    specs = [
        ExecutorSpec(name="queue", factory=f"{__name__}:Queue"),
        ExecutorSpec(name="gone", factory="nowhere:Gone", requires=("no-such-package",)),
        ExecutorSpec(name="local", factory="priorbench.executors.local:LocalExecutor"),
    ]
    return Registry(specs={"executor": {s.name: Registered(spec=s, plugin=plugin) for s in specs}})


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[Queue.__module__])


def test_parameters_are_written_as_everywhere(registry):
    way = choose_executor(registry, "queue:address=tcp://a:1,wait=5", {})
    made = way.make({"registry": registry, "jobs": 1, "threads": 1, "timeout": None, "memory": None})
    assert (made.address, made.wait, made.registry) == ("tcp://a:1", 5.0, registry)


def test_an_option_stands_for_a_parameter(registry):
    assert choose_executor(registry, "queue", {"address": "tcp://a:1"}).parameters["address"] == "tcp://a:1"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("queue:adress=x", {}, "did you mean 'address'"),
        ("queue:jobs=2", {}, "unknown parameter 'jobs'"),
        ("queue:wait=soon", {}, "'wait' must be float"),
        ("queue:label=x", {}, "has no label"),
        ("queue:address", {}, "not written key=value"),
        ("que", {}, "did you mean 'queue'"),
        ("gone", {}, "no-such-package"),
        (
            "local",
            {"address": "x"},
            "executor 'local' has no --address: leave it out, or use one that has it: queue",
        ),
        ("queue:address=a", {"address": "b"}, "'address' is given twice"),
    ],
)
def test_what_is_wrong_is_one_line(registry, text, options, words):
    with pytest.raises(PriorbenchError) as caught:
        choose_executor(registry, text, options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_executor_that_fits_one_image_at_a_time_takes_no_batch(registry):
    choose_executor(registry, "local", {}).check_batch(2)
    with pytest.raises(PriorbenchError, match="runs one image at a time"):
        choose_executor(registry, "queue", {}).check_batch(2)
