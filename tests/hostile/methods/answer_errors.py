"""Attacks by what is raised in the place of an answer: odd exceptions, and ends that look well."""

from __future__ import annotations

import os

from answer_book import BOOK
from tricks import Case


@BOOK.attack(goal="raises")
def interrupt(case: Case):
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


@BOOK.attack(goal="raises")
def not_run(case: Case):
    """Raise what says that the machine failed, so that there would be no record."""
    from priorbench.protocol.failure import MachineError

    raise MachineError("the machine is to blame")


@BOOK.attack(goal="raises")
def refused(case: Case):
    """Raise what says that the method does not take the problem, which is no failure."""
    from priorbench.protocol.refusal import RefusedError

    raise RefusedError("not my kind of picture")


@BOOK.attack(goal="raises")
def message_that_raises(case: Case):
    """Raise an exception whose message cannot be read."""
    raise type("E", (Exception,), {"__str__": lambda self: 1 / 0, "__repr__": lambda self: 1 / 0})()


@BOOK.attack(goal="raises")
def message_that_exits(case: Case):
    """Raise an exception whose message ends the process."""
    raise type("E", (Exception,), {"__str__": lambda self: os._exit(0)})()


@BOOK.attack(goal="raises")
def message_of_codes(case: Case):
    """Raise an exception whose name and message move the cursor and ring the bell."""
    raise type("E\x1b[31m", (Exception,), {})("\x1b[2J\x07\u202eabc\x9b31m\r\nrow | row")


@BOOK.attack(goal="raises")
def message_without_end(case: Case):
    """Raise an exception with a message of 30 MB."""
    raise ValueError("x" * 30_000_000)


@BOOK.attack(goal="raises")
def causes_in_a_circle(case: Case):
    """Raise an exception that is its own cause, in ten thousand steps."""
    first = last = ValueError("0")
    for number in range(10_000):
        following = ValueError(str(number))
        last.__cause__, last = following, following
    last.__context__ = first
    raise first


@BOOK.attack(goal="raises")
def exit_code_that_lies(case: Case):
    """Exit with a code whose text is not to be had."""
    raise SystemExit(type("Code", (), {"__repr__": lambda self: 1 / 0, "__int__": lambda self: 0})())


@BOOK.attack(goal="raises")
def stop_iteration(case: Case):
    """Raise StopIteration."""
    raise StopIteration


@BOOK.attack(goal="raises")
def class_of_another(case: Case):
    """Raise what says that it is of another class."""
    raise type("E", (BaseException,), {"__class__": property(lambda self: SystemExit)})("code")


@BOOK.attack(goal="raises")
def ends_well(case: Case):
    """End the process with exit status 0."""
    os._exit(0)


@BOOK.attack(goal="raises")
def becomes_true(case: Case):
    """Become a program that ends well."""
    os.execv("/bin/true", ["true"])
