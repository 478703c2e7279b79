"""The module of a method that imports what nobody has declared."""

from __future__ import annotations

import pytest
from hostile_things import one_shot
from wrong_methods import good

assert pytest.__name__

Dependencies = one_shot(good)
