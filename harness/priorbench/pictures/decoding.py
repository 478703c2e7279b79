"""Decodes an open file in this process: called by the decoder process, which has limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, TypeVar

# All the formats that are read, and no other: Pillow would load its fifty when it is asked for one of these.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from priorbench.pictures.bounds import check_pillow_tiff, check_scans, webp_size
from priorbench.pictures.formats import jpeg, plain, tiff
from priorbench.pictures.header import Header, read_header, stored_size
from priorbench.pictures.keeping.metadata import metadata_of, metadata_of_tiff, told_orientation
from priorbench.pictures.samples import read_samples
from priorbench.pictures.source import HEAD_BYTES, sniff_format
from priorbench.pictures.values import Samples, settled
from priorbench.pictures.wanted import PictureRules, UnusableImageError, shown
from priorbench.pictures.white import with_white

try:
    from PIL import AvifImagePlugin
except ImportError:  # before Pillow 11.3
    _READS_AVIF = False
else:
    _READS_AVIF = AvifImagePlugin.SUPPORTED
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each takes memory, and this process has a limit

_REASON_LENGTH = 160
#: Pillow's words for data that a library does not decode; a number follows
_DECODER_ERROR = "decoder error"

#: told the width and height that a file announces, before its pixels are decoded
Announce = Callable[[int, int], None]
_Result = TypeVar("_Result")


def decode(stream: BinaryIO, rules: PictureRules, announce: Announce) -> Samples:
    """Return the wanted part of a picture as its file stores it.

    Parameters
    ----------
    stream : BinaryIO
        the file, buffered.
    rules : PictureRules
        which pictures are wanted; everything that the header tells is checked before decoding.
    announce : callable
        see `Announce`; called after the size was checked.

    Raises
    ------
    UnusableImageError
        the file cannot be used; its ``reason`` is one line.
    """

    def work(head: bytes, kind: str) -> Samples:
        if kind in plain.KINDS:
            return plain.Plain(stream, kind).samples(rules, announce)
        try:
            image = _open(stream, kind, head, rules, announce)
        except UnidentifiedImageError:
            if kind != "TIFF":
                raise
            samples = tiff.read_samples(stream, rules, announce)
            return replace(samples, metadata=metadata_of_tiff(stream)) if rules.keep else samples
        with image:
            header = read_header(image, stream, kind, head)
            _check(header, rules)
            announce(header.width, header.height)
            _check_bounds(image, stream, kind)
            if header.needs_tifffile:
                samples = tiff.read_samples(stream, rules, announce)
            else:
                samples = read_samples(image, stream, header)
            known = metadata_of(image) if rules.keep else None
        if kind == "JPEG":
            jpeg.check_whole(stream, samples.values)
        return samples if known is None else replace(samples, metadata=told_orientation(known, samples))

    samples = settled(_guarded(stream, work), keep=rules.keep, highest=rules.white or 1.0)
    samples = with_white(samples, rules.white)
    alpha = None if samples.alpha is None else rules.cut(samples.alpha)
    return replace(samples, values=rules.cut(samples.values), alpha=alpha)


def measure(stream: BinaryIO, announce: Announce) -> tuple[int, int]:
    """Return (width, height) in pixels from a file's header, without decoding it.

    Raises
    ------
    UnusableImageError
        the file is not a picture, or its header is broken.
    """

    def work(head: bytes, kind: str) -> tuple[int, int]:
        if kind in plain.KINDS:
            found = plain.Plain(stream, kind)
            return found.width, found.height
        try:
            with _open(stream, kind, head, PictureRules(), announce) as image:
                return stored_size(image)
        except UnidentifiedImageError:
            if kind != "TIFF":
                raise
            return tiff.size(stream)

    return _guarded(stream, work)


def _guarded(stream: BinaryIO, work: Callable[[bytes, str], _Result]) -> _Result:
    """Run `work` on the open file; whatever goes wrong becomes an `UnusableImageError`."""
    kind = "picture"
    try:
        stream.seek(0)
        head = stream.read(HEAD_BYTES)
        kind = sniff_format(head)
        return work(head, kind)
    except UnusableImageError:
        raise
    except Exception as error:  # decoders of hostile bytes raise nearly anything
        raise UnusableImageError(_why_not_decoded(error, kind)) from error


def _open(
    stream: BinaryIO, kind: str, head: bytes, rules: PictureRules, announce: Announce
) -> ImageFile.ImageFile:
    if kind == "WEBP":
        width, height = webp_size(head)
        if width and height:
            rules.check_size(width, height)
            announce(width, height)
    if kind == "AVIF" and not _READS_AVIF:
        raise UnusableImageError("AVIF, which this Pillow does not read: pip install -U pillow")
    stream.seek(0)
    try:
        return Image.open(stream, formats=(kind,))
    except UnidentifiedImageError as error:
        problem = jpeg.why_unreadable(stream) if kind == "JPEG" else ""
        if problem:
            raise UnusableImageError(problem) from error
        raise


def _check(header: Header, rules: PictureRules) -> None:
    """Refuse what the header already tells; the size first, which costs most to get wrong."""
    rules.check_size(header.width, header.height)
    if header.problem:
        raise UnusableImageError(header.problem)
    rules.check_channels(header.channels)


def _check_bounds(image: ImageFile.ImageFile, stream: BinaryIO, kind: str) -> None:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        check_pillow_tiff(image)
    elif kind == "JPEG":
        check_scans(stream)


def _why_not_decoded(error: Exception, kind: str) -> str:
    text = shown(" ".join(str(error).split()))
    if isinstance(error, Image.DecompressionBombError):
        size = re.search(r"\d+", text)
        return f"too large: {int(size[0]) / 1e6:.1f} Mpx" if size else "too large"
    if isinstance(error, UnidentifiedImageError):
        return f"broken {kind}: the header cannot be read"
    if isinstance(error, MemoryError):
        return "it needs far more memory than a picture of its size: save it with another program"
    if text.startswith(_DECODER_ERROR):
        return f"broken {kind}: its data cannot be decoded"
    state = "truncated" if "truncated" in text or isinstance(error, EOFError) else "broken"
    return f"{state} {kind}: {text or type(error).__name__}"[:_REASON_LENGTH]
