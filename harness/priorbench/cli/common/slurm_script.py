"""The text of a job script: an array of SLURM jobs, each a part of a run, and one that unites them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import PriorbenchError

#: what may stand in a line that begins with #SBATCH: it is read without a shell's rules
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;@%+/=*&|!\[\]()-]+")

_SCRIPT = """#!/bin/bash
{directives}
#
# A run of priorbench in {parts} parts, one job each; every part has a store of its own.
#
#   bash {name}            submits the parts, and a job that unites their stores when all have ended
#   sbatch {name}          submits the parts alone
#   bash {name} merge      unites the stores of the parts, as far as they are
#   bash {name} part 3     runs part 3 here, without SLURM
#
# Each of them may be repeated: what is in a store is not run again, and what was united stays so.

set -u
script=$(realpath -- "$0") || exit 2
cd -- {place} || exit 2

parts={parts}
folder={folder}
run=({run})
merge=({merge})

part() {{
    mkdir -p -- "$folder" || exit 2
    exec "${{run[@]}}" --shard "$1/$parts" --store "$folder/part-$1.db"
}}

unite() {{
    local stores=() missing=() number
    for ((number = 1; number <= parts; number++)); do
        if [ -e "$folder/part-$number.db" ]; then
            stores+=("$folder/part-$number.db")
        else
            missing+=("$number")
        fi
    done
    if [ "${{#missing[@]}}" -gt 0 ]; then
        echo "parts without a store: ${{missing[*]}}" >&2
    fi
    if [ "${{#stores[@]}}" -eq 0 ]; then
        echo "no part has a store in $folder: nothing to unite" >&2
        exit 2
    fi
    "${{merge[@]}}" "${{stores[@]}}" || exit
    [ "${{#missing[@]}}" -eq 0 ]
}}

submit() {{
    local job logs
    mkdir -p -- "$folder" || exit 2
    logs=${{folder//%/%%}}
    job=$(sbatch --parsable --output="$logs/part-%a.log" "$script") || exit 2
    job=${{job%%;*}}
    sbatch --parsable --dependency="afterany:$job" --job-name={job}-merge --output="$logs/merge.log" \\
        {options}--wrap="bash $(printf %q "$script") merge" > /dev/null || exit 2
    echo "submitted $parts parts as job $job; logs and stores are in $folder"
}}

case "${{1-${{SLURM_ARRAY_TASK_ID:+array}}}}" in
    array) part "$SLURM_ARRAY_TASK_ID" ;;
    part) part "${{2:?which part: a number from 1 to $parts}}" ;;
    merge) unite ;;
    "" | submit) submit ;;
    *) echo "usage: bash $0 [submit | merge | part NUMBER]" >&2; exit 2 ;;
esac
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What SLURM is asked for.

    Attributes
    ----------
    parts : int
        jobs of the array.
    cpus : int
        processors of each.
    options : tuple of (str, str)
        further options of sbatch with their values, as ``("--time", "4:00:00")``; the merge has those that
        say where it may run.
    """

    parts: int
    cpus: int
    options: tuple[tuple[str, str], ...]

    def directives(self) -> str:
        """Return the lines that sbatch reads.

        Raises
        ------
        PriorbenchError
            For a value that would need quotes.
        """
        own = [
            ("--job-name", "priorbench"),
            ("--array", f"1-{self.parts}"),
            ("--cpus-per-task", str(self.cpus)),
        ]
        for option, value in self.options:
            if not _PLAIN.fullmatch(value):
                raise PriorbenchError(
                    f"{option} {value!r}: sbatch reads it without quotes: write it without spaces and quotes"
                )
        return "\n".join(f"#SBATCH {option}={value}" for option, value in (*own, *self.options))


def job_script(
    job: Job, *, name: str, place: Path, folder: str, run: Sequence[str], merge: Sequence[str]
) -> str:
    """Return the script.

    Parameters
    ----------
    job : Job
        what SLURM is asked for.
    name : str
        how the script's own comments call it.
    place : Path
        the folder that all paths are relative to.
    folder : str
        where stores and logs of the parts go: on a file system that all machines have.
    run, merge : Sequence[str]
        commands; a part and its store are added to the one, the stores of the parts to the other.
    """
    kept = [one for one in job.options if one[0] in ("--partition", "--account", "--qos")]
    return _SCRIPT.format(
        directives=job.directives(),
        parts=job.parts,
        name=name,
        place=shlex.quote(str(place)),
        folder=shlex.quote(folder),
        run=shlex.join(run),
        merge=shlex.join(merge),
        job="priorbench",
        options="".join(f"{shlex.quote(f'{option}={value}')} " for option, value in kept),
    )
