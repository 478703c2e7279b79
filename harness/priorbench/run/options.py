"""What a run adds to its suite."""

from __future__ import annotations

from dataclasses import dataclass, field

from priorbench.contract.limits import check_count
from priorbench.errors import PriorbenchError

#: no count of a run is larger; what has more cannot be counted through
MOST = 10**9


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions:
    """What a run adds to its suite.

    Attributes
    ----------
    device, threads : str or int, optional
        where, and with how many CPU threads, the methods run; one that cannot run on the device runs on the
        CPU.
    limit : int or None, optional
        usable images of each set; None = all.
    shard : tuple[int, int] or None, optional
        (i, n): only the i-th of n parts, 1-based; None = all. The part of a trial follows from what it is.
    strict : bool, default False
        an image that cannot be used is an error.
    pictures : int, default 3
        number of images of each set that have crops of the first draw of their noise stored, for the report.
    tags : tuple of str, default ()
        names that the run is kept under, to find what it asked for; nothing of a result depends on them.
    outputs, outputs_limit : str or int, default '' or 0
        folder with the outputs of methods, and how many bytes of them are kept there; without a limit, none
        is added.
    salt : str, default ''
        secret that noise and operators are drawn with, hexadecimal; empty for the noise that everybody has.
    """

    device: str = "cpu"
    threads: int = 1
    limit: int | None = None
    shard: tuple[int, int] | None = None
    strict: bool = False
    pictures: int = 3
    tags: tuple[str, ...] = ()
    outputs: str = ""
    outputs_limit: int = 0
    salt: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse numbers that choose nothing."""
        check_count("threads", self.threads)
        check_count("pictures", self.pictures, least=0)
        if self.limit is not None:
            check_count("limit", self.limit)
        counts = {"threads": self.threads, "pictures": self.pictures, "limit": self.limit or 0}
        counts["the number of shards"] = self.shard[1] if self.shard else 0
        for what, value in counts.items():
            if value > MOST:
                raise PriorbenchError(f"{what} is {value}: give at most {MOST}")
        self._check_tags()
        if self.shard is not None:
            index, count = self.shard
            if check_count("the shard", index) > check_count("the number of shards", count):
                raise PriorbenchError(f"the shard is {index} of {count}: give one from 1 to {count}")

    def _check_tags(self) -> None:
        """Refuse tags that no filter could name."""
        if not self.tags:
            return
        from priorbench.store.tags import is_tag

        for tag in self.tags:
            if not is_tag(tag):
                raise PriorbenchError(
                    f"the tag {tag!r} is no name: leave out white space at its ends, and '*', '?' and '['"
                )
