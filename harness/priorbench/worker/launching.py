"""Starts processes for players; nothing heavy is imported here, since a judge does this before all else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from priorbench.machine.settings import player_environment
from priorbench.worker.folders import new_folder

#: how a player is started; the judge's id and a descriptor follow
PLAYER = (sys.executable, "-P", "-m", "priorbench.player")


@dataclass(frozen=True, kw_only=True, slots=True)
class Launched:
    """A process that gets ready to be a player.

    Attributes
    ----------
    process : subprocess.Popen
        the process; its three streams are pipes.
    descriptor : int
        of the file in memory that it shares.
    folder : str
        for its temporary files; it is its working folder, too.
    threads, memory : int or None
        as for `launch`.
    """

    process: subprocess.Popen[bytes]
    descriptor: int
    folder: str
    threads: int
    memory: int | None


def launch(threads: int, memory: int | None) -> Launched:
    """Start a process for a player.

    Parameters
    ----------
    threads : int
        processors that the method may use.
    memory : int or None
        bytes of address space that a method may add to an empty player's; None = no limit.

    Raises
    ------
    OSError
        Where it cannot be started; nothing is left of it.
    """
    folder, descriptor = new_folder(), _file_in_memory()
    try:
        process = subprocess.Popen(
            [*PLAYER, str(os.getpid()), str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=folder,
            env=player_environment(threads, folder, memory),
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    except OSError:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Launched(process=process, descriptor=descriptor, folder=folder, threads=threads, memory=memory)


def _file_in_memory() -> int:
    """Return the descriptor of an empty file in memory; where the system has none, of one without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("priorbench")
    descriptor, name = tempfile.mkstemp()
    os.unlink(name)  # noqa: PTH108 (a descriptor is all that is kept)
    return descriptor
