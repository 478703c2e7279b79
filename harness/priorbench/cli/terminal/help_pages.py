"""Help pages that fit the terminal: words of options and texts are never broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer.core

from priorbench.cli.terminal.lost_options import meant, with_nearest

#: of the column of options, in characters, and as a share of a narrow terminal
_OPTIONS, _SHARE = 30, 0.4
_USUAL: Any = typer.core.TyperCommand.context_class


class _Page(_USUAL.formatter_class):  # type: ignore[misc]  # typer brings its own click, or uses that of others
    """Writes the parts of a help page."""

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = _OPTIONS, col_spacing: int = 2
    ) -> None:
        """Write names with their meanings beside them, or below where a name is long."""
        from rich.cells import cell_len

        from priorbench.rendering.terminal.wrapping import wrapped

        before = " " * self.current_indent
        longest = max((cell_len(name) for name, _ in rows), default=0)
        column = min(longest, col_max, max(int(self.width * _SHARE), 1)) + col_spacing
        for name, meaning in rows:
            names = wrapped(name, self.width, first=before, rest=f"{before}  ")
            place = before + " " * column
            lines = wrapped(" ".join(meaning.split()), self.width, first=place, rest=place)
            if len(names) == 1 and cell_len(name) <= column - col_spacing:
                names[0] = names[0].ljust(len(place)) + lines[0][len(place) :]
                del lines[0]
            self.write("".join(f"{line.rstrip()}\n" for line in [*names, *(lines if meaning else ())]))


class _Context(_USUAL):  # type: ignore[misc]
    """What a command is called with, and how its help page is written."""

    formatter_class = _Page


class Command(typer.core.TyperCommand):
    """A command whose help page fits."""

    context_class = _Context

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; an option or a value that there is not gets a hint as to what was meant."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            option = getattr(error, "option_name", None)  # of click's NoSuchOption, whose click ever it is
            if isinstance(option, str) and (hint := meant(self.name or "", option, given)):
                error.message, error.possibilities = f"no option {option}: {hint}", None  # type: ignore[attr-defined]
            elif isinstance(message := getattr(error, "message", None), str):  # of its BadParameter
                error.message = with_nearest(message)  # type: ignore[attr-defined]
            raise

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first line of the help page, whole: it is wrapped, not cut."""
        return (self.help or "").strip().split("\n", 1)[0]


class Group(typer.core.TyperGroup):
    """A command with commands of its own, whose help page fits."""

    context_class = _Context
