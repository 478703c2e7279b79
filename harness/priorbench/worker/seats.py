"""Where a judge finds players: in processes of their own, or in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry
from priorbench.machine.processes import children_of, command_of, is_zombie, kill_tree, reap
from priorbench.player.own import OwnPlayer
from priorbench.player.work import Player
from priorbench.protocol.failure import MachineError
from priorbench.worker.launching import Launched, launch
from priorbench.worker.player_process import PlayerProcess

#: idle players that are kept for the next image of their setting. Trials go through the methods in turn: if a
#: suite had more (the shipped ones have ten), hardly a player would still be there when it is wanted
KEPT_PLAYERS = 16


class OwnSeat:
    """One player, in this process.

    Parameters
    ----------
    registry : Registry
        its plugins.
    baseline : int, default 0
        resident bytes of this process before methods run.
    """

    def __init__(self, registry: Registry, baseline: int = 0) -> None:
        self._player = OwnPlayer(registry, baseline)

    def take(self, trials: Sequence[Trial]) -> Player:
        """Return the player."""
        return self._player

    def strays(self) -> str:
        """Whatever is left is this process's own."""
        return ""

    def give_back(self, player: Player, *, clean: bool) -> str | None:
        """Nothing ends, and nobody knows what was printed."""
        return None


class ProcessSeat:
    """Players in processes of their own, each for one method with its parameters on one setting.

    A player sees each clean image once. With another noise, or a second draw of it, one that remembers the
    first could compute the clean image: levels of one noise share their random numbers. With other
    parameters, or for a rule with a fit of its own, it could give back what it has computed before.

    Parameters
    ----------
    timeout, memory : float or int or None
        seconds that one trial may take, and bytes that a method may add; None = no limit. Several trials as
        one fit have those of this many.
    alive : callable
        called every second that a method takes.
    spare : Launched, optional
        the first player's process, which is getting ready.
    """

    def __init__(
        self,
        timeout: float | None,
        memory: int | None,
        alive: Callable[[], None],
        spare: Launched | None = None,
    ) -> None:
        self._timeout, self._memory, self._alive, self._spare = timeout, memory, alive, spare
        self._idle: OrderedDict[str, PlayerProcess] = OrderedDict()
        self._taken: tuple[str, PlayerProcess] | None = None
        self._children: frozenset[int] = frozenset()

    def take(self, trials: Sequence[Trial]) -> Player:
        """Return a player that is ready.

        Raises
        ------
        MachineError
            Where none can be started.
        """
        owner = _owner(trials)
        player = self._idle.pop(owner, None)
        try:
            if player is not None and not player.alive:
                player.kill()  # its folder and its pipes are still there
                player = None
            if player is None:
                memory = None if self._memory is None else self._memory * len(trials)
                launched = self._launched(trials[0].threads, memory)
                player = PlayerProcess(launched, self._timeout, self._alive)
            self._taken = (owner, player)
            player.start()
            self._children = frozenset(children_of())
        except (OSError, MachineError) as error:
            if player is not None:
                player.kill()
            raise MachineError(f"no worker could be started: {error}") from error
        return player

    def close(self) -> None:
        """End all players."""
        for player in self._idle.values():
            player.kill()
        self._idle.clear()

    def _launched(self, threads: int, memory: int | None) -> Launched:
        spare = self._spare
        if spare is not None and (spare.threads, spare.memory) == (threads, memory):
            self._spare = None
            return spare
        return launch(threads, memory)

    def give_back(self, player: Player, *, clean: bool) -> str | None:
        """Keep a player for later, or, after a failure, end it and return what it printed last."""
        assert self._taken is not None
        owner, taken = self._taken
        if clean:
            self._idle[owner] = taken
            while len(self._idle) > KEPT_PLAYERS:
                self._idle.popitem(last=False)[1].kill()
            return None
        taken.kill()
        self.strays()
        return taken.last_lines()

    def strays(self) -> str:
        """End processes that have left the player that was taken, and say which; empty = none."""
        found = [child for child in children_of() if child not in self._children]
        words = [command_of(child) for child in found if not is_zombie(child)]
        for child in found:
            kill_tree(child)
            reap(child)
        return f"{len(words)} process{'es' * (len(words) > 1)} ({', '.join(words[:3])})" if words else ""


def _owner(trials: Sequence[Trial]) -> str:
    first = trials[0]
    chosen = (first.image_set, first.operator, first.noise, *first.stopping)
    setting = [(choice.name, choice.parameters) for choice in chosen]
    return f"{first.denoiser.name} {first.denoiser.parameters} {len(trials)} {setting} {first.repetition}"
