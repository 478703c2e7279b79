"""What was done to pictures when they were read, gathered so that each kind of note is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from priorbench.contract.records import Noted
from priorbench.words import kind_of


class Notes:
    """Gathers the notes of pictures, set by set.

    Parameters
    ----------
    tell : callable
        told what was noted, in the order in which it was first met.
    """

    def __init__(self, tell: Callable[[Sequence[Noted]], None]) -> None:
        self._tell = tell
        self._found: dict[tuple[str, str], _Kind] = {}

    def add(self, image_set: str, image: str, notes: Iterable[str]) -> None:
        """Take note of a picture; what differs in its numbers only is one kind.

        Parameters
        ----------
        image_set, image : str
            label of its set, and its id.
        notes : Iterable[str]
            what was done to it.
        """
        texts: dict[str, str] = {}
        for text in notes:
            texts.setdefault(kind_of(text), text)
        for kind, text in texts.items():
            found = self._found.setdefault((image_set, kind), _Kind(image, text))
            found.pictures += 1
            found.numbers_differ |= text != found.text

    def flush(self) -> None:
        """Tell what was added since the last time."""
        told = [found.noted(image_set) for (image_set, _), found in self._found.items()]
        self._found.clear()
        if told:
            self._tell(told)


class _Kind:
    """A kind of note: the first picture that has it, and how many do."""

    def __init__(self, image: str, text: str) -> None:
        self.image, self.text = image, text
        self.pictures, self.numbers_differ = 0, False

    def noted(self, image_set: str) -> Noted:
        return Noted(
            image_set=image_set,
            image=self.image,
            note=self.text,
            pictures=self.pictures,
            numbers_differ=self.numbers_differ,
        )
