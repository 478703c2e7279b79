"""The command line. Each command is one file, named in `_COMMANDS`; what is heavy is imported inside it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from priorbench.cli.common.output import say
from priorbench.cli.common.streams import drop, safe_streams
from priorbench.errors import PriorbenchError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Exit status where the request was wrong; 0 is done, 1 is "some trials failed".
WRONG_REQUEST = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
BROKEN_PIPE = 141  # 128 + SIGPIPE
#: command -> its module and function, in the order of the help page; the one that is asked for is imported
_COMMANDS = {
    "list": "list_command:list_command",
    "show": "show:show_command",
    "run": "run:run",
    "slurm": "slurm:slurm",
    "denoise": "denoise:denoise",
    "leaderboard": "leaderboard:leaderboard",
    "targets": "targets:targets",
    "rules": "rules:rules",
    "reproduce": "reproduce:reproduce",
    "compare": "compare:compare",
    "failures": "failures:failures",
    "runs": "requests:runs",
    "forget": "requests:forget",
    "rename": "requests:rename",
    "export": "transfer:export",
    "import": "transfer:import_command",
    "merge": "transfer:merge",
    "watch": "watch:watch",
    "new": "new:new",
    "check": "check:check",
    "doctor": "machine.doctor:doctor",
    "prepare": "machine.prepare:prepare",
}
#: takes the options of another command, and has them checked there
_PASSES_ON = "slurm"


def main() -> None:
    """Run the command line and exit with its status."""
    gc.disable()  # until the command begins: what is imported stays
    atexit.register(gc.freeze)  # to look for garbage at the end takes a fifth of a short command
    with safe_streams(), _collecting():
        try:
            try:
                _application(sys.argv[1:])(prog_name="priorbench")
            finally:
                sys.stdout.flush()
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            drop(sys.stdout)
            sys.exit(BROKEN_PIPE)
        except PriorbenchError as error:  # of a help page; commands are guarded
            say(f"priorbench: {error}", err=True)
            sys.exit(WRONG_REQUEST)


@contextlib.contextmanager
def _collecting() -> Iterator[None]:
    """Have garbage collected afterwards, whatever came in between."""
    try:
        yield
    finally:
        gc.enable()


def _commands(arguments: Sequence[str]) -> Mapping[str, Callable[..., None]]:
    """Return the command that is asked for; all of them, in the order of the help page, where none is."""
    names = arguments[:1] if arguments and arguments[0] in _COMMANDS else _COMMANDS
    found = {}
    for name in names:
        module, _, function = _COMMANDS[name].partition(":")
        found[name] = getattr(importlib.import_module(f"priorbench.cli.{module}"), function)
    return found


def _application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the commands as an application: the one that the arguments ask for, or all."""
    from priorbench.cli.terminal.help_pages import Command, Group

    app = typer.Typer(
        cls=Group,
        help="How good, and how fast, is this training-free denoiser?",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help pages: they take half the time
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_options)
    for name, command in _commands(arguments).items():
        passes_on = {"ignore_unknown_options": True} if name == _PASSES_ON else None
        app.command(name, cls=Command, context_settings=passes_on)(_guarded(command))
    return app


def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """How good, and how fast, is this training-free denoiser?"""
    if version:
        from priorbench import __version__

        say(f"priorbench {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with its errors turned into messages and exit statuses."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        gc.enable()
        try:
            command(*arguments, **options)
            sys.stdout.flush()
        except PriorbenchError as error:
            _refuse(error)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            drop(sys.stdout)
            raise typer.Exit(BROKEN_PIPE) from None

    return run


def _refuse(error: PriorbenchError) -> NoReturn:
    for line in str(error).splitlines() or [type(error).__name__]:
        say(f"priorbench: {line}", err=True)
    raise typer.Exit(WRONG_REQUEST)
