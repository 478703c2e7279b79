"""Checks of parameters say what is allowed."""

from __future__ import annotations

import pytest

from priorbench.toolkit.checks import at_least, one_of, within


def test_checks_say_what_is_allowed():
    with pytest.raises(ValueError, match="channels must be at least 1, not 0"):
        at_least(1, channels=0)
    with pytest.raises(ValueError, match=r"averaging must be a finite number in \[0, 1\), not 1"):
        within(0, 1, averaging=1.0)
    with pytest.raises(ValueError, match="learning_rate must be a finite number at least 0, not nan"):
        within(0, float("inf"), learning_rate=float("nan"))
    with pytest.raises(ValueError, match="did you mean 'adam'"):
        one_of(("adam", "sgd"), optimiser="adan")
