"""Fixed work is timed in a process of its own."""

from __future__ import annotations

import pytest

from priorbench.errors import PriorbenchError
from priorbench.scatter import measuring
from priorbench.scatter.measuring import BLOCKS, measure


@pytest.mark.slow(15)
def test_pieces_are_timed_with_the_threads_of_a_worker():
    told = []
    found = measure("cpu", 1, 1.2, lambda done, of: told.append((done, of)))
    assert [one.name for one in found] == ["convolutions", "arithmetic"]
    assert told == [(number, BLOCKS) for number in range(1, BLOCKS + 1)]
    for one in found:
        assert one.scatter.timings >= 2 * BLOCKS
        assert 0.003 < one.scatter.median_seconds < 3
        assert one.scatter.single > 0
        assert 0 <= one.scatter.marked <= 1


def test_a_process_that_ends_is_one_line():
    with pytest.raises(PriorbenchError, match=r"how far times scatter on nowhere cannot be .*nowhere"):
        measure("nowhere", 1, 1.0)


def test_timings_are_told_by_block_and_piece(monkeypatch):
    class Answering:
        """A host that answers with made-up timings."""

        def __init__(self, module, variables):
            assert variables["OMP_NUM_THREADS"] == "3"
            self.asked, self.closed = [], False
            hosts.append(self)

        def begin(self, message, seconds):
            assert message == {"device": "cpu"}
            return {"pieces": [{"name": "a", "what": "work"}]}

        def ask(self, message, seconds):
            self.asked.append(message["seconds"])
            return {"a": {"seconds": [0.01, 0.02 * len(self.asked)], "marked": [False, len(self.asked) == 1]}}

        def close(self):
            self.closed = True

    hosts = []
    monkeypatch.setattr(measuring, "Hosted", Answering)
    [found] = measure("cpu", 3, 12.0)
    assert (hosts[0].asked, hosts[0].closed) == ([2.0] * BLOCKS, True)
    assert found.scatter.timings == 2 * BLOCKS
    assert found.scatter.marked == pytest.approx(1 / (2 * BLOCKS))
