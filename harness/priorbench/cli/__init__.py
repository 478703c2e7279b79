"""The command line. Each command is one file, named in `_commands`; what is heavy is imported inside it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
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
#: takes the options of another command, and has them checked there
_PASSES_ON = "slurm"


def main() -> None:
    """Run the command line and exit with its status."""
    with safe_streams():
        try:
            try:
                _application()(prog_name="priorbench")
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


def _commands() -> Mapping[str, Callable[..., None]]:
    """Return the commands, in the order of the help page."""
    from priorbench.cli.check import check
    from priorbench.cli.compare import compare
    from priorbench.cli.denoise import denoise
    from priorbench.cli.failures import failures
    from priorbench.cli.leaderboard import leaderboard
    from priorbench.cli.list_command import list_command
    from priorbench.cli.machine import doctor, prepare
    from priorbench.cli.new import new
    from priorbench.cli.reproduce import reproduce
    from priorbench.cli.requests import forget, rename, runs
    from priorbench.cli.rules import rules
    from priorbench.cli.run import run
    from priorbench.cli.show import show_command
    from priorbench.cli.slurm import slurm
    from priorbench.cli.targets import targets
    from priorbench.cli.transfer import export, import_command, merge
    from priorbench.cli.watch import watch

    return {
        "list": list_command,
        "show": show_command,
        "run": run,
        "slurm": slurm,
        "denoise": denoise,
        "leaderboard": leaderboard,
        "targets": targets,
        "rules": rules,
        "reproduce": reproduce,
        "compare": compare,
        "failures": failures,
        "runs": runs,
        "forget": forget,
        "rename": rename,
        "export": export,
        "import": import_command,
        "merge": merge,
        "watch": watch,
        "new": new,
        "check": check,
        "doctor": doctor,
        "prepare": prepare,
    }


def _application() -> typer.Typer:
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
    for name, command in _commands().items():
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
