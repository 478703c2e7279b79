"""An image set made of files: decoded one at a time, each opened directly by its id."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property

from priorbench import Image, Known, KnownImage, PriorbenchError, SkippedImage
from priorbench.pictures import (
    OTHER_PICTURE_SUFFIXES,
    Picture,
    PictureRules,
    UnusableImageError,
)
from priorbench_images import names
from priorbench_images.grey import read_member
from priorbench_images.tree import Tree, files

Finish = Callable[[Picture], Picture]


class FileSet:
    """Files of one folder as a `priorbench.ImageSet`.

    Parameters
    ----------
    root : str
        the folder.
    tree : callable
        lists it; called once, when the set is first walked or counted, never by `load`.
    rules : PictureRules
        which pictures are used.
    limit : int or None, optional
        how many pictures to use at most; files that cannot be used do not count.
    finish : callable or None, optional
        what is done to each decoded picture.
    id_of, file_of : callable, optional
        from a file's relative name to the image's id, and back.
    """

    def __init__(
        self,
        *,
        root: str,
        tree: Callable[[], Tree],
        rules: PictureRules,
        limit: int | None = None,
        finish: Finish | None = None,
        id_of: Callable[[str], str] = names.id_of,
        file_of: Callable[[str], str] = names.file_of,
    ) -> None:
        if limit is not None and limit < 1:
            raise PriorbenchError(f"limit is {limit}: it must be 1 or more")
        self._root, self._list, self._rules, self._limit = root, tree, rules, limit
        self._finish, self._id_of, self._file_of = finish, id_of, file_of

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the images in order, decoding each when it is reached.

        First comes one `SkippedImage` for each kind of picture that is not read.
        """
        for item in self.walk(_nothing_known):
            assert not isinstance(item, KnownImage)
            yield item

    def walk(self, known: Known) -> Iterator[Image | SkippedImage | KnownImage]:
        """Yield what iterating does, with what `known` knows in the place of images, which are not read."""
        yield from self._other_pictures()
        used = 0
        for entry in self._tree.entries:
            if used == self._limit:
                return
            item = entry if isinstance(entry, SkippedImage) else self._known_or_read(entry, known)
            used += not isinstance(item, SkippedImage)
            yield item

    def __len__(self) -> int:
        """Return an upper bound of the number of images."""
        count = sum(1 for _ in files(self._tree.entries))
        return count if self._limit is None else min(count, self._limit)

    def load(self, image_id: str) -> Image:
        """Open one image directly; raise `PriorbenchError` if it cannot be used."""
        return self._read(self._file_of(image_id))

    def ids(self) -> list[str]:
        """Return the ids of all files, also of those that cannot be used, in their order."""
        entries = self._tree.entries
        return [entry.id if isinstance(entry, SkippedImage) else self._id_of(entry) for entry in entries]

    @property
    def ignored(self) -> int:
        """Number of files that are not pictures by their names; hidden files are not counted."""
        return sum(self._tree.ignored.values())

    @cached_property
    def _tree(self) -> Tree:
        return self._list()

    def _other_pictures(self) -> Iterator[SkippedImage]:
        """Yield one line for each kind of picture that is not read, with the number of files."""
        for suffix, count in sorted(self._tree.ignored.items()):
            if suffix in OTHER_PICTURE_SUFFIXES:
                files_of = "1 file" if count == 1 else f"{count} files"
                yield SkippedImage(
                    id=f"*{suffix}", reason=f"{files_of} of a kind that is not read: save as PNG or TIFF"
                )

    def _known_or_read(self, name: str, known: Known) -> Image | SkippedImage | KnownImage:
        return known(self._id_of(name), (self._path(name),)) or self._try(name)

    def _try(self, name: str) -> Image | SkippedImage:
        try:
            return self._read(name)
        except UnusableImageError as error:
            return SkippedImage(id=self._id_of(name), reason=error.reason)

    def _read(self, name: str) -> Image:
        picture = read_member(self._path(name), self._rules)
        if self._finish is not None:
            picture = self._finish(picture)
        return Image(id=self._id_of(name), pixels=picture.pixels, notes=picture.notes)

    def _path(self, name: str) -> str:
        return os.path.join(self._root, name)  # noqa: PTH118 - may have stray bytes


def _nothing_known(image_id: str, paths: tuple[str, ...]) -> None:
    return None
