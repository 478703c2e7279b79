"""Attacks on the clock and the looks by methods that iterate: work where nobody is on the clock.

Each works for `WORK` seconds at each of its four iterations, and would have it recorded as less. Goals as in
`time_attacks`; "answer": the trial fails, or has the score of the noisy image.
"""

from __future__ import annotations

import _thread
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from time_book import work
from time_leftovers import Lazy, Liar
from tricks import Book, Case, write_down

from priorbench import Iterate

BOOK = Book("iterates", "iterate_attacks:Attacker", iterative=True)
ITERATIONS = 4
WORK = 0.1


class Attacker:
    """Does what its parameter says.

    Parameters
    ----------
    iterations : int, default 4
        how many.
    attack : str, default 'honest'
        name of the attack.
    turn : int, default 1
        which of its trials this is.
    log : str, default ''
        a file that is told what became of it; empty = none.
    """

    def __init__(
        self, *, iterations: int = ITERATIONS, attack: str = "honest", turn: int = 1, log: str = ""
    ) -> None:
        self.iterations, self.attack, self.turn, self.log = iterations, attack, turn, log

    def iterate(self, observation):
        BOOK.begin()
        case = Case(observation=observation, turn=self.turn)
        trick = BOOK.chosen(self.attack, case, self.log)
        if trick is None:
            return iter([Iterate(observation.image.clone(), loss=1.0)])
        write_down(self.log, f"{trick.name} {self.turn}")
        return trick.act(case)


@BOOK.attack(goal="wall")
def honest(case: Case) -> Iterator[Any]:
    """Work, and hide nothing: to compare with."""
    for _ in range(ITERATIONS):
        work(WORK)
        yield Iterate(case.observation.image.clone(), loss=1.0)


@BOOK.attack(goal="wall")
def lazy_iterate(case: Case) -> Iterator[Any]:
    """Yield tensors of a class that works when they are read."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone().as_subclass(Lazy), loss=1.0)


@BOOK.attack(goal="wall")
def object_that_says_it_is_a_tensor(case: Case) -> Iterator[Any]:
    """Yield objects whose class says torch.Tensor, and which work when they are read."""
    for _ in range(ITERATIONS):
        yield Iterate(Liar(case.observation.image.clone()), loss=1.0)


@BOOK.attack(goal="wall")
def lazy_loss(case: Case) -> Iterator[Any]:
    """Yield losses that do the work when they become numbers, and fill the image yielded with them."""
    state = torch.zeros_like(case.observation.image)

    class Loss:
        def __float__(self) -> float:
            return _filled(state, case)

    for _ in range(ITERATIONS):
        yield Iterate(state, loss=Loss())


@BOOK.attack(goal="wall")
def lazy_loss_tensor(case: Case) -> Iterator[Any]:
    """Do the same with losses of a class of tensors."""
    state = torch.zeros_like(case.observation.image)

    class Loss(torch.Tensor):
        def __float__(self) -> float:
            return _filled(state, case)

        def item(self) -> float:
            return _filled(state, case)

    for _ in range(ITERATIONS):
        yield Iterate(state, loss=torch.ones(()).as_subclass(Loss))


def _filled(state: torch.Tensor, case: Case) -> float:
    work(WORK)
    state.copy_(case.observation.image)
    return 1.0


class LazyIterate(Iterate):
    """Works when its output is asked for."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("output", "loss"):
            work(WORK / 2)
        return super().__getattribute__(name)


@BOOK.attack(goal="wall", right="detected")
def lazy_item(case: Case) -> Iterator[Any]:
    """Yield items of a class that works when their parts are asked for."""
    for _ in range(ITERATIONS):
        yield LazyIterate(case.observation.image.clone(), loss=1.0)


@BOOK.attack(goal="wall", right="stated", stated="work in an estimate")
def work_in_estimates(case: Case) -> Iterator[Any]:
    """Do the steps of the fit inside 'estimate', which is called for looks that are not kept, too."""
    done = []

    def estimate() -> torch.Tensor:
        work(WORK)
        done.append(1)
        return case.observation.image.clone()

    for _ in range(ITERATIONS - 1):
        yield Iterate(None, loss=1.0, estimate=estimate)
    image = case.observation.image
    yield Iterate(image.clone() if len(done) >= 2 else torch.zeros_like(image), loss=1.0)


def _in_pauses(case: Case, start: Any) -> Iterator[Any]:
    """Have another thread work while the harness looks; what is yielded at last needs two of its turns."""
    wanted, ended, done = threading.Semaphore(0), threading.Event(), []

    def turn() -> None:
        while wanted.acquire() and not ended.is_set():
            torch_work(WORK)
            done.append(1)

    start(turn)
    image = case.observation.image
    try:
        for _ in range(ITERATIONS):
            wanted.release()
            yield Iterate(image.clone() if len(done) >= 2 else torch.zeros_like(image), loss=1.0)
    finally:
        ended.set()
        wanted.release()


def torch_work(seconds: float) -> None:
    """Keep a processor busy without the interpreter."""
    matrix, end = torch.rand(200, 200), time.perf_counter() + seconds
    while time.perf_counter() < end:
        matrix @ matrix


@BOOK.attack(goal="wall", right="detected")
def thread_in_pauses(case: Case) -> Iterator[Any]:
    """Have a thread work while the harness looks, and rest while it measures."""
    return _in_pauses(case, lambda turn: threading.Thread(target=turn, daemon=True).start())


@BOOK.attack(goal="wall", right="detected", alone=True)
def hidden_thread_in_pauses(case: Case) -> Iterator[Any]:
    """Do the same with a thread that Python's list of threads does not have."""
    return _in_pauses(case, lambda turn: _thread.start_new_thread(turn, ()))


@BOOK.attack(goal="wall", right="detected")
def work_when_it_is_closed(case: Case) -> Iterator[Any]:
    """Work in the end of the generator, when nobody asks for more."""
    try:
        while True:
            yield Iterate(case.observation.image.clone(), loss=1.0)
    finally:
        work(WORK * ITERATIONS)


@BOOK.attack(goal="wall", right="detected")
def work_when_iterates_are_forgotten(case: Case) -> Iterator[Any]:
    """Yield images of which each does the work when nobody has it any more."""
    for _ in range(ITERATIONS):
        output = case.observation.image.clone()
        weakref.finalize(output, work, WORK)
        yield Iterate(output, loss=1.0)
        del output


@BOOK.attack(goal="answer")
def work_after_the_last(case: Case) -> Iterator[Any]:
    """Change the last iterate after it was yielded, when the generator is closed."""
    image = case.observation.image.clone()
    try:
        while True:
            yield Iterate(image, loss=1.0)
    finally:
        work(WORK * ITERATIONS)
        image.zero_()


@BOOK.attack(goal="answer")
def same_tensor_changed(case: Case) -> Iterator[Any]:
    """Yield one tensor, and change it while the harness may still look at it."""
    image, original = case.observation.image.clone(), case.observation.image.clone()
    for _ in range(ITERATIONS):
        image.copy_(original)
        yield Iterate(image, loss=1.0)
        image.zero_()


@BOOK.attack(goal="answer")
def y_changed_and_mended(case: Case) -> Iterator[Any]:
    """Change y while rules may look at it, and put it back before the end."""
    image, original = case.observation.image, case.observation.image.clone()
    for number in range(ITERATIONS):
        image.zero_() if number < ITERATIONS - 1 else image.copy_(original)
        yield Iterate(original.clone(), loss=1.0)
    image.copy_(original)


@BOOK.attack(goal="answer")
def loss_is_not_a_number(case: Case) -> Iterator[Any]:
    """Yield losses that are NaN."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone(), loss=float("nan"))


@BOOK.attack(goal="answer")
def loss_is_text(case: Case) -> Iterator[Any]:
    """Yield losses that are texts of numbers."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone(), loss="0.5")


@BOOK.attack(goal="answer")
def loss_is_many(case: Case) -> Iterator[Any]:
    """Yield losses of many numbers."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone(), loss=torch.ones(7))


@BOOK.attack(goal="answer")
def loss_is_complex(case: Case) -> Iterator[Any]:
    """Yield complex losses."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone(), loss=1 + 2j)


@BOOK.attack(goal="answer")
def loss_is_huge(case: Case) -> Iterator[Any]:
    """Yield losses of four hundred digits."""
    for _ in range(ITERATIONS):
        yield Iterate(case.observation.image.clone(), loss=10**400)


@BOOK.attack(goal="answer")
def nothing_but_an_estimate_that_fails(case: Case) -> Iterator[Any]:
    """Yield an estimate that raises."""

    def estimate():
        raise ValueError("not today")

    for _ in range(ITERATIONS):
        yield Iterate(None, loss=1.0, estimate=estimate)


@BOOK.attack(goal="answer")
def nothing_at_all(case: Case) -> Iterator[Any]:
    """Yield items with neither output nor estimate."""
    for _ in range(ITERATIONS):
        yield Iterate(None)


@BOOK.attack(goal="answer")
def no_iterator(case: Case) -> Any:
    """Return a number where an iterator should be."""
    return 42


@BOOK.attack(goal="answer")
def items_of_other_kinds(case: Case) -> Iterator[Any]:
    """Yield dictionaries, lists and texts."""
    yield {"output": case.observation.image}
    yield [case.observation.image]
    yield "an image"
    yield b"an image"


@BOOK.attack(goal="answer")
def shapes_that_change(case: Case) -> Iterator[Any]:
    """Yield an image of another shape at every iteration."""
    for number in range(ITERATIONS):
        yield Iterate(torch.zeros(3, 8 + number, 9), loss=1.0)


@BOOK.attack(goal="answer")
def stops_by_force(case: Case) -> Iterator[Any]:
    """Raise GeneratorExit in the middle."""
    yield Iterate(case.observation.image.clone(), loss=1.0)
    raise GeneratorExit


@BOOK.attack(goal="answer")
def does_not_close(case: Case) -> Iterator[Any]:
    """Yield on when it is closed."""
    while True:
        try:
            yield Iterate(case.observation.image.clone(), loss=1.0)
        except GeneratorExit:
            yield Iterate(case.observation.image.clone(), loss=1.0)
