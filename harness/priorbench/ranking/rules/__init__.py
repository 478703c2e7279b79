"""The board of rules: what each stopping rule of a method reaches of what the method could have reached."""

from __future__ import annotations

from priorbench.ranking.rules.boards import RuleRow, RulesBoard
from priorbench.ranking.rules.table import rules_boards

__all__ = ["RuleRow", "RulesBoard", "rules_boards"]
