"""What is said of options that a command has not, where it is known what was meant."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence

#: of commands that run suites or problems: option -> why, and what is to be written, with the value given
_RUNS = {
    "--sigma": ("which noise has to be said, too", "--noise gaussian:sigma={}"),
    "--method": ("methods have another option", "--denoiser {}"),
    "--dataset": ("image sets have another option", "--images {}"),
    "--folder": ("folders have another option", "--images {}"),
    "--crop": ("it is a parameter of the image set", "--images photos:crop={}"),
    "--iterations": ("it is a parameter of the method", "--denoiser NAME:iterations={}"),
    "--set": ("parameters are part of the method", "--denoiser NAME:{}"),
    "--seed": ("each repetition draws its noise from a seed of its own", "--repetitions {}"),
}
_HINTS = {"run": _RUNS, "watch": {name: hint for name, hint in _RUNS.items() if name != "--seed"}}
#: commands whose arguments are names, which may begin as options do
_NAMING = ("compare", "forget", "rename", "show", "check")
#: what the command line's library says of a value that is none of those it may be
_CHOICE = re.compile(r"(?:Value error, )?'(.*?)' is not one of (.*)", re.DOTALL)
#: what stands for the value where none was given
_VALUES = {"--sigma": "25/255", "--crop": "64", "--iterations": "500", "--set": "key=value", "--seed": "N"}


def meant(command: str, option: str, arguments: Sequence[str]) -> str:
    """Return what to write in the place of an option that a command has not; empty where there is no telling.

    Parameters
    ----------
    command : str
        its name.
    option : str
        as it was written.
    arguments : Sequence[str]
        all that was written, where the value of the option may be found.
    """
    if command in _NAMING and not option.startswith("--"):
        name = next((one for one in arguments if one.startswith(option)), option)
        return (
            f"a name that begins so stands behind '--': write\n  priorbench {command} -- {shlex.quote(name)}"
        )
    if option not in _HINTS.get(command, {}):
        return ""
    why, written = _HINTS[command][option]
    value = "" if option == "--seed" else _value(option, arguments)
    return f"{why}: write\n  {written.format(value or _VALUES.get(option, 'NAME'))}"


def with_nearest(message: str) -> str:
    """Return what is said of a value that is none of a few, with the one that is meant if one is like it."""
    found = _CHOICE.fullmatch(message)
    if found is None:
        return message
    value, allowed = found[1], re.findall(r"'([^']+)'", found[2])
    near = difflib.get_close_matches(value, allowed, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return f"'{value}' is not one of {found[2].rstrip('.')}{meant}"


def _value(option: str, arguments: Sequence[str]) -> str:
    """Return the value of an option; a bare level of noise as a fraction, which is never doubtful."""
    value = next((one.partition("=")[2] for one in arguments if one.startswith(f"{option}=")), "")
    if not value and option in arguments[:-1]:
        value = arguments[arguments.index(option) + 1]
    if value.startswith("-"):
        return ""
    bare = option == "--sigma" and value.replace(".", "", 1).isdigit() and float(value) >= 1
    return f"{value}/255" if bare else value
