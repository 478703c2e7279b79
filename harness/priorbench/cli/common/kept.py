"""What a store has of a run already, and what of it is not found or not kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.cli.common.output import say
from priorbench.errors import PriorbenchError
from priorbench.words import duration, plural

if TYPE_CHECKING:
    from priorbench.cli.common.executors import ChosenExecutor
    from priorbench.run.plan import Plan
    from priorbench.store.database import Store

#: the folder of outputs, in the place of the one beside the store
VARIABLE = "PRIORBENCH_OUTPUTS"


def kept_outputs(store: str | None, limit: int | None, way: ChosenExecutor) -> tuple[str, int]:
    """Return the folder of kept outputs, empty where there is none, and how many bytes are to be kept.

    Raises
    ------
    PriorbenchError
        If outputs are to be kept and cannot be.
    """
    from priorbench.store.address import address_of
    from priorbench.store.database import store_url

    if way.spec.elsewhere:
        if limit is not None:
            raise PriorbenchError(
                "--keep-outputs: trials run on other machines, where outputs would be lost; run them here"
            )
        return "", 0
    path = address_of(store_url(store)).path
    folder = os.environ.get(VARIABLE) or (f"{path}.outputs" if path else "")
    if limit is not None and not folder:
        raise PriorbenchError(
            f"--keep-outputs: beside a store on a server there is no folder; name one in {VARIABLE}"
        )
    return str(Path(folder).absolute()) if folder else "", limit or 0


def tell_cost(plan: Plan, store: Store) -> None:
    """Say what is made again for want of a metric, before it is."""
    from priorbench.run.storing.rescoring import made_again

    again = made_again(plan, store)
    if again.results:
        names = ", ".join(plan.suite.metrics)
        results = ("" if again.whole else "more than ") + plural(again.results, "result")
        say(
            f"priorbench: {results} without {names}"
            f" kept no output, and {'is' if again.results == 1 else 'are'} made again:"
            f" about {duration(again.seconds)} of fits;"
            " 'run --keep-outputs 4GiB' keeps outputs for the next metric",
            err=True,
        )


def tell_other_keys(plan: Plan, store: Store) -> None:
    """Say where the last run of the suite had other threads or another device, for then nothing is found."""
    last = store.last_run(plan.suite.name)
    if last is None:
        return
    now = {"threads": plan.options.threads, "device": plan.options.device}
    other = {name: last.options[name] for name in now if last.options.get(name) not in (None, now[name])}
    if other:
        had = " ".join(f"--{name} {value}" for name, value in other.items())
        has = " ".join(f"--{name} {now[name]}" for name in other)
        say(
            f"priorbench: the last run of {plan.suite.name} in this store had {had}, this one has {has}:"
            f" results of the other are not found; '{had}' goes on with them",
            err=True,
        )
