"""Pictures of strangers: each is read within reason, or left out with its reason; the others are used."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import replace

import numpy as np
import pytest
from attacks.files import Family, Ground, small_run
from attacks.outcomes import check
from attacks.runs import Arena
from picture_files import chunk, encoded, photograph, zeros_deflated
from PIL import Image, ImageFile

FAMILY = Family(name="picture")
#: they take much of what there is: each has a run of its own
ALONE = (
    "jpeg-of-two-thousand-scans",
    "tiff-that-inflates",
    "png-of-many-pixels",
    "png-whose-pixels-inflate",
)
#: bytes and seconds beyond those of a run with a good picture alone
MUCH, LONG = 1_200_000_000, 90.0


def run(
    ground: Ground, name: str | bytes | None = None, data: bytes = b"", *, used: bool = False
) -> tuple[str, str]:
    """Put an odd picture beside a good one, and run: it is to be left out (or may be used)."""
    folder = ground.folder / "pictures"
    folder.mkdir(exist_ok=True)
    if name is not None:
        with open(os.path.join(os.fsencode(folder), os.fsencode(name)), "wb") as file:  # noqa: PTH123, PTH118
            file.write(data)
    if ground.together:  # the run comes when all are there
        ground.refused.extend([str(name)] * (not used))
        return "held", "it was read together with others"
    return judged(ground, 0 if used else 1, used=used)


def judged(ground: Ground, odd: int, *, used: bool = False) -> tuple[str, str]:
    """Run on the folder; return whether it ended within reason, the good picture used, odd ones left out."""
    folder = ground.folder / "pictures"
    (folder / "good.png").write_bytes(encoded(photograph(32, 32)))
    done = ground.apart(*small_run(str(ground.folder / "s.db"), str(folder)), limit=LONG)
    text = done.said
    if done.status is None:
        return "broken", f"it hangs: {text[-200:]!r}"
    if "Traceback" in text or done.status not in (0, 1):
        return "broken", f"exit status {done.status}: {text[-200:]!r}"
    if done.memory > MUCH:
        return "broken", f"it took {done.memory / 1e9:.1f} GB: {text[-100:]!r}"
    if any(not one.isprintable() and one not in "\n\t\r" for one in text):
        return "broken", f"codes for a terminal: {text[-200:]!r}"
    if "root:" in text or "/good.png" not in text:
        return "broken", f"the good picture was not used, or a file is told: {text[-200:]!r}"
    taken = text.count(" on ") - 1
    if taken > 0 and not used:
        return "weak", f"{taken} odd pictures were used: {text[-150:]!r}"
    if text.count("skipped") < odd:
        return "weak", f"nothing is said of it: {text[-150:]!r}"
    return "held", text[-150:]


@FAMILY.attack()
def jpeg_of_two_thousand_scans(ground):
    ImageFile.MAXBLOCK = 2**24
    plain = encoded(photograph(2000, 2000), "JPEG", progressive=True, quality=50)
    start = [at for at in range(len(plain) - 1) if plain[at : at + 2] == b"\xff\xda"]
    scan = plain[start[-1] : -2]  # the last, a refinement; over and over
    short = scan[: 2 + struct.unpack(">H", scan[2:4])[0]] + b"\x00" * 40
    return run(ground, "scans.jpg", plain[:-2] + short * 2000 + b"\xff\xd9")


@FAMILY.attack()
def tiff_that_inflates(ground):
    """Floats of 64 x 64 pixels in strips that unpack to a gigabyte each."""
    stream = io.BytesIO()
    import tifffile

    tifffile.imwrite(
        stream, np.random.default_rng(0).random((64, 64), np.float32), compression="zlib", rowsperstrip=64
    )
    data = bytearray(stream.getvalue())
    bomb = zeros_deflated(1_000_000_000)
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags
        places = {code: (tags[code].valueoffset, tags[code].dtype) for code in (273, 279)}
    at = len(data)
    for code, value in ((273, at), (279, len(bomb))):
        offset, kind = places[code]
        data[offset : offset + (2 if kind == 3 else 4)] = struct.pack(
            "<H" if kind == 3 and value < 65536 else "<I", value
        )
    return run(ground, "inflates.tif", bytes(data) + bomb)


@FAMILY.attack()
def png_of_a_terapixel(ground):
    header = struct.pack(">IIBBBBB", 2**20, 2**20, 8, 2, 0, 0, 0)
    return run(ground, "large.png", _png(header, zeros_deflated(10_000_000)))


@FAMILY.attack()
def png_of_many_pixels(ground):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return run(ground, "many.png", _png(header, zeros_deflated(100_000_000)))


@FAMILY.attack()
def png_whose_text_inflates(ground):
    bomb = chunk(b"zTXt", b"c\0\0" + zeros_deflated(500_000_000))
    profile = chunk(b"iCCP", b"p\0\0" + zeros_deflated(500_000_000))
    plain = encoded(photograph(32, 32, seed=3))
    return run(ground, "text.png", plain[:33] + bomb + profile + plain[33:], used=True)


@FAMILY.attack()
def png_whose_pixels_inflate(ground):
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return run(ground, "pixels.png", _png(header, zeros_deflated(2_000_000_000)), used=True)


def _png(header: bytes, pixels: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@FAMILY.attack()
def tiff_in_a_circle(ground):
    """A directory whose next one is itself."""
    entries = struct.pack("<H", 1) + struct.pack("<HHII", 256, 3, 1, 8) + struct.pack("<I", 8)
    return run(ground, "circle.tif", b"II*\0" + struct.pack("<I", 8) + entries)


@FAMILY.attack()
def tiff_of_a_million_directories(ground):
    header = b"II*\0" + struct.pack("<I", 8)
    entry = struct.pack("<H", 1) + struct.pack("<HHII", 256, 3, 1, 8)
    places = range(8 + 18, 8 + 18 * 200_001, 18)
    data = header + b"".join(entry + struct.pack("<I", at) for at in places)
    return run(ground, "many.tif", data)


@FAMILY.attack()
def tiff_of_nan(ground):
    import tifffile

    stream = io.BytesIO()
    tifffile.imwrite(stream, np.full((32, 32), np.nan, np.float32))
    return run(ground, "nan.tif", stream.getvalue())


@FAMILY.attack()
def program_for_a_printer(ground):
    """PostScript with the name of a picture: some libraries start an interpreter for it."""
    text = (
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n"
        f"({ground.folder}/ran) (w) file closefile\nshowpage\n%%EOF\n"
    )
    end = run(ground, "program.png", text.encode())
    return ("broken", "it was run") if (ground.folder / "ran").exists() else end


@FAMILY.attack()
def drawing_that_asks_for_files(ground):
    text = (
        '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg width="32">&x;</svg>'
    )
    return run(ground, "drawing.png", text.encode())


@FAMILY.attack()
def film_of_five_thousand_pictures(ground):
    frames = [Image.new("L", (16, 16), n % 255) for n in range(2000)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return run(ground, "film.png", stream.getvalue())


@FAMILY.attack()
def webp_of_much(ground):
    return run(
        ground,
        "webp.png",
        encoded(np.zeros((10_000, 10_000, 3), np.uint8), "WEBP", lossless=True, method=0, quality=0),
        used=True,
    )


@FAMILY.attack()
def cut_off(ground):
    return run(ground, "cut.png", encoded(photograph(64, 64))[:500])


@FAMILY.attack()
def nothing_in_it(ground):
    return run(ground, "empty.png", b"")


@FAMILY.attack()
def one_pixel(ground):
    return run(ground, "one.png", encoded(photograph(1, 1)), used=True)


@FAMILY.attack()
def random_bytes(ground):
    return run(ground, "random.jpg", b"\xff\xd8\xff\xe0" + os.urandom(100_000))


@FAMILY.attack()
def pipe(ground):
    (ground.folder / "pictures").mkdir(exist_ok=True)
    os.mkfifo(ground.folder / "pictures" / "pipe.png")
    return run(ground, used=True)


@FAMILY.attack()
def link_to_a_device(ground):
    (ground.folder / "pictures").mkdir(exist_ok=True)
    (ground.folder / "pictures" / "zero.png").symlink_to("/dev/zero")
    return run(ground, used=True)


@FAMILY.attack()
def link_to_passwords(ground):
    (ground.folder / "pictures").mkdir(exist_ok=True)
    (ground.folder / "pictures" / "p.png").symlink_to("/etc/passwd")
    return run(ground)


@FAMILY.attack()
def folder_called_like_a_picture(ground):
    (ground.folder / "pictures" / "folder.png").mkdir(parents=True, exist_ok=True)
    return run(ground, used=True)


@FAMILY.attack()
def link_in_a_circle(ground):
    (ground.folder / "pictures").mkdir(exist_ok=True)
    (ground.folder / "pictures" / "again").symlink_to(".")
    (ground.folder / "pictures" / "self.png").symlink_to("self.png")
    return run(ground, used=True)


@FAMILY.attack()
def name_that_is_codes(ground):
    return run(ground, "\x1b[2J\x07\u202ename.png", b"none")


@FAMILY.attack()
def name_that_is_no_text(ground):
    return run(ground, b"\xff\xfe\n.png", b"none")


@FAMILY.attack()
def message_that_is_codes(ground):
    data = b"P6\n\x1b[2J\x07 32\n255\n"
    return run(ground, "codes.ppm", data, used=True)


@pytest.mark.slow(60)
def test_pictures_of_strangers(command, example_site, tmp_path, record_property):
    def ground(name):
        folder = tmp_path / name
        folder.mkdir()
        return Ground(folder=folder, here=command, arena=Arena(example_site, folder))

    found = {one.name: one for one in FAMILY.seen(ground, names=ALONE)}
    # the others lie in one folder; where that does not end well, each has its own
    together = replace(ground("together"), together=True)
    more = list(FAMILY.seen(lambda name: together, names=[name for name in FAMILY.acts if name not in ALONE]))
    outcome, _ = judged(together, len(together.refused), used=True)
    if outcome != "held" or (together.folder / "ran").exists():
        more = list(FAMILY.seen(ground, names=[name for name in FAMILY.acts if name not in ALONE]))
    check([*found.values(), *more], record_property)
