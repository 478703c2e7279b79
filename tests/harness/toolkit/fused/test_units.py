"""Parts are translated once, and linked into what Python calls: what comes out, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from priorbench.toolkit.fused import compiled, units  # noqa: E402
from priorbench.toolkit.fused.compiled import inner  # noqa: E402
from priorbench.toolkit.fused.units import Kernel  # noqa: E402


@inner
def _twice(x):
    return 2 * x


@inner
def _ends(x):
    return x[:1], x[-1:]


@inner
def total(x):
    first, last = _ends(x)
    return _twice(first[0]) + _twice(last[0])


@inner
def both(x):
    return total(x), total(x[1:])


def test_parts_compute_what_python_does():
    x = np.arange(5.0)
    assert both(x) == both.py_func(x) == (8.0, 10.0)
    assert total(x) == 8.0  # a part of the other one, and whole by itself


def test_a_part_has_no_machine_code_of_its_own():
    @inner
    def part(x):
        return x + 1

    @inner
    def whole(x):
        return part(x)

    assert whole(1) == 2
    assert not part.overloads and whole.overloads
    defined = whole.overloads[whole.signatures[0]].library.get_defined_functions()
    assert not any("4part" in function.name for function in defined)  # it was copied into its only caller


def test_what_is_numbas_alone_calls_parts_too():
    @numba.njit
    def plain(x):
        return total(x) + total(x[1:])

    assert plain(np.arange(5.0)) == 18.0


def test_arrays_that_parts_return_are_kept_as_long_as_they_are_used():
    @inner
    def made(number):
        return np.ones(number)

    @inner
    def views(number):
        return _ends(made(number))

    @inner
    def many(times):
        found = 0.0
        for n in range(times):
            first, last = views(n + 1)
            found += first[0] + last[0]
        return found

    first, last = views(1000)
    assert many(100) == 200.0
    assert first[0] == last[0] == 1.0


def test_an_exception_in_a_part_reaches_python():
    @inner
    def fails(x):
        if x > 1:
            raise ValueError("too much")
        return x

    @inner
    def caller(x):
        return fails(x)

    assert caller(1) == 1
    with pytest.raises(ValueError, match="too much"):
        caller(2)


def test_with_a_numba_that_it_was_not_tested_with_numba_compiles_as_it_does(monkeypatch):
    assert isinstance(total, Kernel)
    monkeypatch.setattr(compiled, "_TESTED", ())

    @inner
    def whole(x):
        return total(x) + 1

    assert not isinstance(whole, Kernel)
    assert whole(np.arange(5.0)) == 9.0


def test_the_order_in_which_parts_are_linked_does_not_matter(monkeypatch):
    """LLVM leaves out what nothing has asked for so far: what is called may come before its callers."""
    callers_first = units._needed
    monkeypatch.setattr(units, "_needed", lambda library, seen: reversed(list(callers_first(library, seen))))

    @inner
    def least(x, y):
        return min(x, y) + 1

    @inner
    def part(x):
        return least(x, 2)

    @inner
    def whole(x):
        return part(x) + least(x, 3)

    assert whole(1) == 4
