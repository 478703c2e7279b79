"""What ``run --dry-run`` says of a plan: its size, what is there, what will be refused, its pictures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from priorbench.cli.common.output import remark
from priorbench.cli.terminal.yaml_lines import print_yaml
from priorbench.errors import PriorbenchError
from priorbench.words import one_line, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from priorbench.contract.images import SkippedImage
    from priorbench.contract.limits import Limits
    from priorbench.contract.records import Noted
    from priorbench.run.plan import Plan
    from priorbench.run.reading import Looked
    from priorbench.store.database import Store

#: pictures of each set that are read to be described, and to count what is in the store, at most
_LOOKED_AT, _COUNTED = 12, 100


def tell_plan(plan: Plan, store: str | None, limits: Limits, retry_failed: bool, *, elsewhere: bool) -> None:
    """Print what a run would do.

    Parameters
    ----------
    plan : Plan
        what to run.
    store : str or None
        where records would go; None for the usual one.
    limits, retry_failed : Limits or bool
        of the run, which decide what of the failures is run again.
    elsewhere : bool
        other machines would run the methods.
    """
    from priorbench.protocol.seeding import salt_hash

    options = plan.options
    looked = _tell_pictures(plan)
    if options.salt:
        print_yaml(f"# noise of a salt with the hash {salt_hash(options.salt)}")
    for line in plan.expected_refusals(looked, elsewhere=elsewhere):
        remark(line)
    try:
        _tell_store(plan, store, limits, retry_failed)
    except PriorbenchError as error:  # a dry run does without a store
        print_yaml(f"# the store cannot be read: {one_line(error)}")


def _tell_pictures(plan: Plan) -> Mapping[str, Looked]:
    """Say what is noted of the first pictures of each set, which are skipped, and how many trials follow."""
    from priorbench.cli.common.progress import note_line
    from priorbench.run.noting import Notes

    def noted(found: Sequence[Noted]) -> None:
        for one in found:
            print_yaml(f"# {note_line(one)}")

    unusable = Counter[str]()

    def skipped(label: str, item: SkippedImage) -> None:
        unusable[label] += 1
        print_yaml(f"# skipped {label}/{item.id}: {item.reason}")

    looked = plan.look(_LOOKED_AT, skipped, Notes(noted))
    for label, found in looked.items():
        count = plural(len(found.shapes), "picture")
        some = f"{count}; the run tells what it meets in others"
        print_yaml(f"# read of {label}: {f'all of its {count}' if found.whole else some}")
    whole = all(found.whole for found in looked.values())
    bound = "about " if plan.options.shard else "" if whole else "at most "
    print_yaml(f"# {bound}{plural(plan.size(unusable), 'trial')} on {plan.options.device}")
    return looked


def _tell_store(plan: Plan, name: str | None, limits: Limits, retry_failed: bool) -> None:
    """Say how many trials are in the store, and how many are left to run."""
    from priorbench.cli.common.kept import tell_cost, tell_other_keys
    from priorbench.cli.common.stores import reading
    from priorbench.run.storing.foreseen import foreseen
    from priorbench.run.storing.wanted import Wants
    from priorbench.store.address import address_of
    from priorbench.store.database import store_url

    address = address_of(store_url(name))
    if address.path is not None and not address.path.exists():
        print_yaml(f"# nothing is there yet: {address.shown}")
        return
    with reading(name) as store:
        tell_other_keys(plan, store)
        part = plan.first(_COUNTED)
        tell_cost(part, store)
        found = foreseen(part, Wants(store=store, limits=limits, retry_failed=retry_failed))
        anew = [f"{found.rescored} to score anew from kept outputs"] if found.rescored else []
        parts = [f"{found.there} there", *anew, f"{found.to_run} to run"]
        which = f"of the first {_COUNTED} pictures of each set: " if len(part) < len(plan) else ""
        print_yaml(f"# {which}{', '.join(parts)}; {store.url}")
        if found.failed_before:
            _tell_failed(found.failed_before, store)


def _tell_failed(count: int, store: Store) -> None:
    what = plural(count, "trial")
    print_yaml(f"# {what} of these failed before: --retry-failed runs {'it' if count == 1 else 'them'} again")
