"""What runs on a dask worker: it answers questions, and has orders run by the judges that it keeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from distributed import Worker, WorkerPlugin, get_worker

from priorbench.remote import InspectionError, Judges, Order, Question, inspected, question_of


class KeptJudges(WorkerPlugin):
    """Keeps the judges of a run on a worker, one for each of its threads, until the run or the worker ends.

    Parameters
    ----------
    question : Question
        of the run.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self.judges: Judges | None = None

    def setup(self, worker: Worker) -> None:
        """Make room for as many judges as the worker has threads."""
        folder = Path(worker.local_directory)
        self.judges = Judges(self._question, slots=worker.state.nthreads, folder=folder)

    def teardown(self, worker: Worker) -> None:
        """Kill the judges and their players."""
        if self.judges is not None:
            self.judges.close()


def run_order(order: Order) -> str:
    """Run what is ordered on the worker that this task is on; return the answer as JSON.

    It is ``{"unchecked": true}`` on a worker that was not asked before, as after a restart under its old
    address.
    """
    kept = get_worker().plugins.get(_name(order.run))
    if not isinstance(kept, KeptJudges) or kept.judges is None:
        return json.dumps({"unchecked": True})
    return json.dumps(kept.judges.answer(order))


async def ask_worker(text: str, dask_worker: Worker) -> str:
    """Say what a worker's machine has, and get ready for the orders of a run; runs on its event loop."""
    try:
        question = question_of(text)
        found = await asyncio.to_thread(inspected, question, everything=True)
    except (InspectionError, ValueError) as error:
        return json.dumps({"fault": str(error)})
    await dask_worker.plugin_add(plugin=KeptJudges(question), name=_name(question.run))
    resources: Mapping[str, float] = dask_worker.state.total_resources
    return json.dumps({**found, "threads": dask_worker.state.nthreads, "resources": dict(resources)})


async def end_run(run: str, dask_worker: Worker) -> None:
    """End the judges of a run on a worker."""
    if _name(run) in dask_worker.plugins:
        await dask_worker.plugin_remove(name=_name(run))


def _name(run: str) -> str:
    return f"priorbench-{run}"
