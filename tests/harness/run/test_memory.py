"""Pictures that did not change are not decoded again, and whatever is remembered gives no wrong number."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import picture_files as make
import pytest
from picture_pairs import two_folders

from priorbench import caching
from priorbench.contract.images import KnownImage
from priorbench.contract.specs import ImageSetSpec
from priorbench.loading.load import load_registry
from priorbench.run.memory import files, pictures
from priorbench.run.memory.pictures import remembered
from priorbench.run.noting import Notes
from priorbench.run.reading import Planned, Wanted, read_images
from priorbench.suite.resolution import choose, instantiate

LONG_AGO = time.time() - 3600


def write(path: Path, seed: int) -> Path:
    """Write a picture; all have as many bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make.encoded(make.photograph(16, 16, seed=seed), "BMP"))
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is remembered."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(caching.VARIABLE, str(folder))
    # the times of the files of this test are minutes apart in words, and milliseconds in fact
    monkeypatch.setattr(pictures, "_SETTLED", 0)
    return folder


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of three pictures."""
    for number in range(3):
        write(tmp_path / "shelf" / f"{number}.bmp", number)
    time.sleep(0.02)
    return tmp_path / "shelf"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded."""
    found: list[str] = []
    for module in ("fileset", "real_noise.pairs"):
        place = f"priorbench_images.{module}.read_member"
        real = __import__("priorbench_images.grey", fromlist=["grey"]).read_member

        def counting(path: str, rules: object, real: Callable[..., object] = real) -> object:
            found.append(Path(path).name)
            return real(path, rules)

        monkeypatch.setattr(place, counting)
    return found


def read(chosen: str, frames: int = 0, limit: int | None = None) -> list[Planned]:
    """Read a set as a plan does."""
    registry = load_registry()
    choice = choose(registry, "image set", chosen)
    members = instantiate(registry, "image set", choice)
    spec = registry.find("image set", choice.name).spec
    assert isinstance(spec, ImageSetSpec)
    wanted = Wanted(frames=frames, limit=limit, strict=False, pictures=1)
    notes = Notes(lambda found: None)
    memory = remembered(choice, spec, frames)
    return list(read_images("set", members, wanted, lambda label, item: None, notes, memory))


def test_a_picture_is_decoded_once(shelf: Path, decoded: list[str]) -> None:
    first = read(f"folder:path={shelf}")
    assert decoded == ["0.bmp", "1.bmp", "2.bmp"]
    assert read(f"folder:path={shelf}") == first
    assert len(decoded) == 3
    assert len(read(f"folder:path={shelf}", limit=2)) == 2
    assert len(decoded) == 3


def test_notes_are_remembered(shelf: Path, decoded: list[str]) -> None:
    """A grey picture stored as colour is told in every run."""
    grey = make.photograph(16, 16)[..., :1].repeat(3, axis=2)
    (shelf / "0.bmp").write_bytes(make.encoded(grey, "BMP"))
    registry = load_registry()
    choice = choose(registry, "image set", f"folder:path={shelf}")
    spec = registry.find("image set", "folder").spec
    assert isinstance(spec, ImageSetSpec)
    told = []
    for _ in range(2):
        notes = Notes(lambda found: told.append([one.note for one in found]))
        members = instantiate(registry, "image set", choice)
        wanted = Wanted(frames=0, limit=None, strict=False, pictures=1)
        time.sleep(0.02)
        list(read_images("set", members, wanted, print, notes, remembered(choice, spec, 0)))
    assert len(told) == 2
    assert told[0] == told[1] != []
    assert len(decoded) == 3


def rewritten(path: Path) -> None:
    write(path, 9)


def rewritten_with_its_old_time(path: Path) -> None:
    """Give it the size and the time of before, as `cp -p` and `touch -r` do."""
    about = path.stat()
    path.write_bytes(make.encoded(make.photograph(16, 16, seed=9), "BMP"))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (about.st_size, about.st_mtime_ns)


def replaced(path: Path) -> None:
    about = path.stat()
    other = write(path.with_name("other"), 9)
    os.utime(other, ns=(about.st_atime_ns, about.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("edit", [rewritten, rewritten_with_its_old_time, replaced])
def test_a_picture_that_changed_is_decoded_again(
    shelf: Path, decoded: list[str], edit: Callable[[Path], None]
) -> None:
    before = read(f"folder:path={shelf}")
    edit(shelf / "1.bmp")
    time.sleep(0.02)
    after = read(f"folder:path={shelf}")
    assert decoded[3:] == ["1.bmp"]
    assert [one.sha256 == two.sha256 for one, two in zip(before, after, strict=True)] == [True, False, True]
    assert read(f"folder:path={shelf}") == after
    assert len(decoded) == 4


def test_what_was_written_just_now_is_not_remembered(
    shelf: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another change could carry the same time; ``git`` calls such files racy."""
    monkeypatch.setattr(pictures, "_SETTLED", 2 * 10**9)
    for _ in range(2):
        read(f"folder:path={shelf}")
    assert len(decoded) == 6


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    shelf: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = __import__("priorbench_images.fileset", fromlist=["fileset"])
    reading = module.read_member

    def meddling(path: str, rules: object) -> object:
        found = reading(path, rules)
        os.utime(path, (LONG_AGO, LONG_AGO))
        return found

    monkeypatch.setattr(module, "read_member", meddling)
    for _ in range(2):
        read(f"folder:path={shelf}")
    assert len(decoded) == 6


@pytest.mark.parametrize("other", ["crop=8", "min_side=2", "white=255"])
def test_other_parameters_are_another_set(shelf: Path, decoded: list[str], other: str) -> None:
    read(f"folder:path={shelf}")
    read(f"folder:path={shelf},{other}")
    assert len(decoded) == 6


def test_other_code_reads_anew(shelf: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read(f"folder:path={shelf}")
    monkeypatch.setattr(pictures, "core_digest", lambda: "another")
    read(f"folder:path={shelf}")
    monkeypatch.setattr(pictures, "versions", lambda names: {"pillow": "0.1"})
    read(f"folder:path={shelf}")
    assert len(decoded) == 9


@pytest.mark.parametrize("value", ["off", "0", "OFF"])
def test_it_can_be_turned_off(
    shelf: Path, decoded: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(caching.VARIABLE, value)
    monkeypatch.chdir(cache.parent)
    for _ in range(2):
        read(f"folder:path={shelf}")
    assert len(decoded) == 6
    assert not cache.exists()
    assert not (cache.parent / value).exists()


def cut(data: bytes) -> bytes:
    return data[:-5]


def emptied(data: bytes) -> bytes:
    return b""


def flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize("harm", [cut, emptied, flipped])
def test_a_damaged_file_is_read_anew(
    shelf: Path, decoded: list[str], cache: Path, harm: Callable[[bytes], bytes]
) -> None:
    before = read(f"folder:path={shelf}")
    [file] = (cache / "pictures").iterdir()
    file.write_bytes(harm(file.read_bytes()))
    assert read(f"folder:path={shelf}") == before
    assert len(decoded) == 6
    assert read(f"folder:path={shelf}") == before
    assert len(decoded) == 6


def test_a_folder_that_cannot_be_written_to_stops_nothing(
    shelf: Path, decoded: list[str], cache: Path
) -> None:
    cache.write_text("a file in the place of the folder")
    for _ in range(2):
        assert len(read(f"folder:path={shelf}")) == 3
    assert len(decoded) == 6


def test_noisy_pictures_are_remembered_with_the_clean_one(tmp_path: Path, decoded: list[str]) -> None:
    chosen = two_folders(tmp_path, scenes=2, frames=2)
    time.sleep(0.02)
    first = read(chosen, frames=2)
    count = len(decoded)
    assert all(len(one.noisy) == 2 for one in first)
    assert read(chosen, frames=2) == first
    assert len(decoded) == count
    changed = tmp_path / "noisy" / "s1" / "1.png"
    changed.write_bytes((tmp_path / "noisy" / "s0" / "1.png").read_bytes())
    after = read(chosen, frames=2)
    assert len(decoded) > count
    assert [one.noisy == two.noisy for one, two in zip(first, after, strict=True)] == [True, False]
    assert after[1].noisy[0] == first[1].noisy[0]


def test_what_cannot_be_used_is_tried_again(shelf: Path, decoded: list[str]) -> None:
    """Why a file cannot be used may be the machine's doing: its memory, or somebody's signal."""
    (shelf / "1.bmp").write_bytes(b"BM no picture")
    for _ in range(2):
        assert [one.id for one in read(f"folder:path={shelf}")] == ["0.bmp", "2.bmp"]
    assert decoded.count("1.bmp") == 2


def entries(count: int, first: int = 0) -> dict[bytes, bytes]:
    return {b"%032d" % number: b"[%d]" % number for number in range(first, first + count)}


def test_two_writers_keep_what_both_have(cache: Path) -> None:
    file = cache / "pictures" / "a.pictures"
    files.add(file, entries(10), 100)
    files.add(file, entries(10, first=5), 100)
    assert files.read(file) == entries(15)
    assert [path.name for path in file.parent.iterdir()] == ["a.pictures"]


def test_what_is_kept_is_bounded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cache / "pictures" / "a.pictures"
    files.add(file, entries(30), 20)
    assert len(files.read(file)) == 20
    size = file.stat().st_size
    monkeypatch.setattr(files, "_ALL", 3 * size)
    left = file.parent / "new-left"
    left.write_text("of a process that was killed")
    os.utime(left, (1, 1))
    for number, name in enumerate("bcde"):
        files.add(file.with_name(f"{name}.pictures"), entries(20), 20)
        os.utime(file.with_name(f"{name}.pictures"), (number, number + 1))
    files.add(file, entries(30), 20)
    kept = sorted(path.name for path in file.parent.iterdir())
    assert "a.pictures" in kept
    assert "b.pictures" not in kept
    assert len(kept) <= 3


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"[[],1,[1,2,3],[],[]]", b'[[],"a",[1,2],[],[]]'])
def test_an_entry_that_is_none_is_read_anew(text: bytes) -> None:
    assert pictures._known("a", text, []) is None


def test_what_was_not_asked_for_is_not_remembered(cache: Path) -> None:
    memory = pictures.Remembered(cache / "pictures" / "a.pictures")
    memory.learn(KnownImage(id="a", sha256="0", shape=(1, 2, 3)))
    memory.save()
    assert not cache.exists()


def test_a_wrong_entry_gives_no_record(command, tmp_path: Path, shelf: Path, cache: Path) -> None:
    """The judge reads the pixels: those of another digest than the plan's are refused."""
    run = ("run", "-", "--images", f"folder:path={shelf}", "--noise", "gaussian-25", "--denoiser", "mean")
    variables = {caching.VARIABLE: str(cache), "PRIORBENCH_PLUGINS": "standard,example,images"}
    assert command(*run, "--executor", "serial", "--limit", "1", **variables).returncode == 0
    [file] = (cache / "pictures").iterdir()
    known = files.read(file)
    forged = {key: text.replace(b'"', b'"0', 1) for key, text in known.items()}
    files.add(file, forged, 100)
    assert files.read(file) == forged != known
    done = command(*run, "--executor", "serial", "--limit", "1", "--store", "other.db", **variables)
    assert done.returncode == 1
    assert "changed since the run began" in done.stderr
    assert command("export", "--store", "other.db", **variables).stdout == ""
