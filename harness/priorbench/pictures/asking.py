"""Asks a decoder process for the pixels of an open file.

Files come from strangers, and decoders are large programs in C. So they run in a child process with limits
of time and memory, and whatever a file does to that process, this one goes on. There is one child for each
process that reads; it is started by the first picture and used for the next ones.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError
from priorbench.pictures import answers, limits
from priorbench.pictures.process import (
    DecoderEndedError,
    DecoderProcess,
    DecoderTimeoutError,
    signal_name,
)
from priorbench.pictures.values import Metadata, Samples
from priorbench.pictures.wanted import PictureRules, UnusableImageError

#: ends of a decoder process that are not a picture's doing: it was idle, or somebody killed it. Then another
#: one is asked, once
_BY_OTHERS = (0, -signal.SIGTERM, -signal.SIGKILL)
_SAVE_AGAIN = "save it with another program"


def ask_samples(file: int, rules: PictureRules) -> Samples:
    """Return the wanted part of a picture as its file stores it.

    Parameters
    ----------
    file : int
        descriptor of the open file.
    rules : PictureRules
        which pictures are wanted.

    Raises
    ------
    UnusableImageError
        the file cannot be used, or decoding it takes more than `priorbench.pictures.limits` allow.
    PriorbenchError
        no picture can be read on this machine now.
    """
    rule_values = {name: getattr(rules, name) for name in PictureRules.__slots__}
    with _decoder(os.getpid()) as decoder:
        message = decoder.ask({"question": "pixels", "rules": rule_values}, file, rules)
        return decoder.samples(message, rules)


def ask_size(file: int) -> tuple[int, int]:
    """Return (width, height) in pixels from the header of an open file; raises as `ask_samples` does."""
    with _decoder(os.getpid()) as decoder:
        return decoder.size(decoder.ask({"question": "size"}, file, PictureRules()))


def end_decoder() -> None:
    """End the decoder process of this process, if there is one; the next picture starts another."""
    with _decoder(os.getpid()) as decoder:
        decoder.end()


@functools.lru_cache(maxsize=1)
def _decoder(owner: int) -> _Decoder:
    """Return the decoder of this process; a fork gets one of its own."""
    return _Decoder()


class _Decoder:
    """A decoder process that is replaced when it ends; used by one thread at a time, inside ``with``."""

    def __init__(self) -> None:
        self._process: DecoderProcess | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> _Decoder:
        self._lock.acquire()
        return self

    def __exit__(self, *details: object) -> None:
        self._lock.release()

    def end(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def ask(self, request: Mapping[str, Any], file: int, rules: PictureRules) -> Mapping[str, Any]:
        """Return the answer to a question about a file; a process that did not give one is ended."""
        line = json.dumps(request).encode() + b"\n"
        try:
            try:
                return self._asked(line, file, rules)
            except DecoderEndedError as error:
                if error.status not in _BY_OTHERS:
                    raise
            self.end()
            return self._asked(line, file, rules)
        except DecoderEndedError as error:
            self.end()
            raise UnusableImageError(_death(error.status)) from error
        except BaseException:  # an answer that comes later would be taken for that of the next picture
            self.end()
            raise

    def samples(self, message: Mapping[str, Any], rules: PictureRules) -> Samples:
        """Return the samples that an answer describes."""
        try:
            shape, dtype, peak = answers.form_of(message, rules)
            notes, orientation = answers.notes_of(message), answers.orientation_of(message)
            assert self._process is not None
            values = self._process.samples(shape, dtype)
            white = answers.white_of(message, peak, rules)
            if not _in_range(values, white, rules):
                raise answers.BadAnswerError
            alpha, metadata = self._beside(message, values) if rules.keep else (None, None)
        except (answers.BadAnswerError, ValueError) as error:
            raise self._taken_over() from error
        return Samples(
            values=values,
            peak=peak,
            white=white,
            notes=notes,
            orientation=orientation,
            alpha=alpha,
            metadata=metadata,
        )

    def _beside(
        self, message: Mapping[str, Any], values: NDArray[Any]
    ) -> tuple[NDArray[Any] | None, Metadata]:
        """Return the alpha plane and the metadata, which come after the samples."""
        assert self._process is not None
        has_alpha, exif, icc, resolution = answers.about_of(message)
        place, alpha = values.nbytes, None
        if has_alpha:
            alpha = self._process.samples(values.shape[:2], values.dtype, place)
            place += alpha.nbytes
        octets = self._process.samples((exif + icc,), np.dtype(np.uint8), place).tobytes()
        return alpha, Metadata(exif=octets[:exif], icc=octets[exif:], resolution=resolution)

    def size(self, message: Mapping[str, Any]) -> tuple[int, int]:
        """Return the size that an answer tells."""
        try:
            if "problem" in message:
                answers.form_of(message, PictureRules())
            return answers.size_of(message, "size")
        except answers.BadAnswerError as error:
            raise self._taken_over() from error

    def _asked(self, line: bytes, file: int, rules: PictureRules) -> Mapping[str, Any]:
        if self._process is None or not self._process.alive:
            self.end()
            self._process = DecoderProcess()
        process = self._process
        process.send(line, file)

        def announced() -> int:
            return min(process.announced(), rules.max_pixels)

        try:
            message = answers.parsed(process.line(lambda: limits.patience(announced())))
        except answers.BadAnswerError as error:
            raise self._taken_over() from error
        except DecoderTimeoutError as error:
            reason = (
                f"no pixels after {limits.patience(announced()):.0f} s: a disk that does not answer, or a"
            )
            raise UnusableImageError(f"{reason} hostile file") from error
        except DecoderEndedError as error:
            if error.status == -signal.SIGPROF:
                raise UnusableImageError(_too_slow(announced())) from error
            raise
        if "failure" in message:
            raise PriorbenchError(f"a picture was decoded, and {message['failure']}: free some memory"[:300])
        return message

    def _taken_over(self) -> UnusableImageError:
        self.end()
        return UnusableImageError("its decoder gave an answer that it never gives: a hostile file?")


def _in_range(values: NDArray[Any], white: float | None, rules: PictureRules) -> bool:
    if values.dtype.kind != "f":
        return white is None or int(values.max()) <= white
    if not bool(np.isfinite(values).all()):
        return False
    within = float(values.min()) >= 0 and float(values.max()) <= (1 if white is None else white)
    return rules.keep or within


def _too_slow(pixels: int) -> str:
    size = f"a picture of {pixels / 1e6:.2g} Mpx" if pixels else "its header"
    return f"more than {limits.seconds_allowed(pixels):.0f} s of processor time for {size}: {_SAVE_AGAIN}"


def _death(status: int | None) -> str:
    if status is None:
        return f"its decoder stopped answering: {_SAVE_AGAIN}"
    if status < 0:
        memory = " (the system kills with it when memory runs out)" if status == -signal.SIGKILL else ""
        return f"its decoder was ended by {signal_name(status)}{memory}: {_SAVE_AGAIN}"
    return f"its decoder ended with status {status}: {_SAVE_AGAIN}"
