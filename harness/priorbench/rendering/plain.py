"""Values and boards as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.ranking.boards import Board
    from priorbench.ranking.rules.boards import RulesBoard
    from priorbench.ranking.targets.model import TargetBoard


def plain(value: Any) -> Any:
    """Return a value made of what JSON has; numbers that it has not become text, such as ``"inf"``."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def json_text(value: Any, *, indent: int = 1) -> str:
    """Return a value as JSON; ASCII, so that no terminal or pipe can spoil it."""
    return json.dumps(plain(value), indent=indent, allow_nan=False)


def boards_json(boards: Iterable[Board | RulesBoard | TargetBoard]) -> str:
    """Return all that boards hold as JSON, what they are about beside it: a list with one for each."""
    told = []
    for board in boards:
        fields = {"protocol": board.protocol, **asdict(board.setting), **asdict(board)}
        told.append({name: value for name, value in fields.items() if name not in ("setting", "labels")})
    return json_text(told) + "\n"
