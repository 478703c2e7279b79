"""The decoder process: one for many pictures, replaced when it ends, never believed, never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import picture_files as make
import pytest
from picture_checks import reason_of, same

from priorbench.errors import PriorbenchError
from priorbench.loading.sources import plugin_sources
from priorbench.pictures import (
    PictureRules,
    UnusableImageError,
    asking,
    end_decoder,
    picture_size,
    process,
    read_picture,
)

PIXELS = make.photograph()
pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


@pytest.fixture
def picture(file):
    end_decoder()
    yield file("good.png", make.encoded(PIXELS))
    end_decoder()


def decoders() -> list[int]:
    """Return the numbers of this process's decoders."""
    return decoders_of(os.getpid())


def decoders_of(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if b"priorbench.pictures.decoder" in command and int(stat[1]) == parent and stat[0] != "Z":
            found.append(int(folder.name))
    return found


def impostor(monkeypatch, code: str) -> None:
    """Put a program in the place of the decoder: ``line`` is its socket, ``shared`` the memory."""
    program = (
        "import array, json, os, signal, socket, sys, time\n"
        "line, shared = socket.socket(fileno=0), int(sys.argv[1])\n"
        "def say(answer):\n"
        "    text = answer if isinstance(answer, str) else json.dumps(answer)\n"
        "    line.sendall(text.encode() + b'\\n')\n"
        "say({'ready': True})\n"
        "while True:\n"
        "    socket.recv_fds(line, 65536, 1)[0] or os._exit(0)\n"
        + "".join(f"    {row}\n" for row in code.splitlines())
    )

    def started(line, shared):
        return subprocess.Popen(
            [sys.executable, "-c", program, str(shared)], stdin=line.fileno(), pass_fds=(shared,)
        )

    monkeypatch.setattr(process, "_started", started)


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(process, "_PROGRAM", "hasty_decoder")


class TestOneForMany:
    def test_pictures_share_one_process(self, picture, file):
        assert decoders() == []
        read_picture(picture)
        (first,) = decoders()
        broken = file("broken.png", picture.read_bytes()[:60])
        for _ in range(20):
            same(read_picture(picture), PIXELS, 255)
            reason_of(broken)
            assert picture_size(picture) == (64, 64)
        assert decoders() == [first]

    def test_what_is_no_picture_starts_none(self, picture, file):
        reason_of(file("text.png", b"text"))
        reason_of(file("none.png", b""))
        assert decoders() == []

    def test_threads_take_turns(self, picture, file):
        other = 255 - PIXELS
        files = [(picture, PIXELS), (file("other.png", make.encoded(other)), other)]
        wrong: list[Exception] = []

        def work(number: int) -> None:
            path, pixels = files[number % 2]
            try:
                for _ in range(30):
                    same(read_picture(path), pixels, 255)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert len(decoders()) <= 1

    def test_the_thread_that_started_it_may_end(self, picture):
        """Then the system ends the process, too: it belongs to the thread."""
        thread = threading.Thread(target=read_picture, args=(picture,))
        thread.start()
        thread.join()
        for _ in range(3):
            same(read_picture(picture), PIXELS, 255)

    def test_a_fork_gets_its_own_and_leaves_that_of_its_parent(self, picture):
        read_picture(picture)
        mine = decoders()
        child = os.fork()
        if child == 0:
            try:
                good = bool((read_picture(picture).pixels == read_picture(picture).pixels).all())
                os._exit(0 if good and len(decoders()) == 1 and decoders() != mine else 1)
            except BaseException:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        same(read_picture(picture), PIXELS, 255)
        assert decoders() == mine

    def test_no_path_and_no_secret_is_given_to_it(self, picture, monkeypatch):
        monkeypatch.setenv("PRIORBENCH_STORE", "postgresql://secret")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        read_picture(picture)
        (number,) = decoders()
        assert b"secret" not in Path(f"/proc/{number}/environ").read_bytes()
        assert len(list(Path(f"/proc/{number}/fd").iterdir())) <= 6


def test_what_decodes_is_in_the_digest_of_a_plugin_that_reads_pictures():
    """It is started by its name, which no import shows."""
    files = plugin_sources("priorbench_operators.mask").files
    for name in ("reading", "decoder", "decoding", "samples", "header", "formats/tiff", "bounds"):
        assert f"priorbench/pictures/{name}.py" in files


class TestEnds:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_one_that_somebody_ended_is_replaced(self, picture, number):
        read_picture(picture)
        (first,) = decoders()
        os.kill(first, number)
        same(read_picture(picture), PIXELS, 255)
        assert decoders() != [first]

    def test_one_that_was_idle_too_long_is_replaced(self, picture, hasty):
        read_picture(picture)
        deadline = time.monotonic() + 20
        while asking._decoder(os.getpid())._process.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not asking._decoder(os.getpid())._process.alive
        same(read_picture(picture), PIXELS, 255)

    @pytest.mark.parametrize("how", ["os._exit(0)", "sys.exit()", "os.kill(os.getpid(), 9)"])
    def test_it_ends_with_its_parent(self, picture, how):
        code = (
            "import os, sys\nfrom priorbench.pictures import read_picture\n"
            f"read_picture(sys.argv[1]); print(os.getpid(), flush=True); input(); {how}\n"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", code, str(picture)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        number = int(parent.stdout.readline())
        (child,) = decoders_of(number)
        parent.communicate("\n")
        deadline = time.monotonic() + 20
        while Path(f"/proc/{child}/cmdline").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not Path(f"/proc/{child}/cmdline").exists()

    def test_one_that_works_too_long_is_ended_by_the_system_and_the_next_picture_is_read(
        self, picture, hasty, file
    ):
        """A JPEG with 100 GB behind it: a file of holes, so that it takes no room on the disk."""
        path = file("tail.jpg", make.encoded(PIXELS, "JPEG"))
        os.truncate(path, 100 * 10**9)
        start = time.monotonic()
        assert "s of processor time for a picture of 0.0041 Mpx" in reason_of(path)
        assert time.monotonic() - start < 60
        same(read_picture(picture), PIXELS, 255)

    def test_ctrl_c_while_one_decodes_leaves_no_answer_for_the_next_picture(self, picture, monkeypatch):
        read_picture(picture)

        def interrupted(self, patience):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(process.DecoderProcess, "line", interrupted)
            with pytest.raises(KeyboardInterrupt):
                picture_size(picture)
        assert decoders() == []
        same(read_picture(picture), PIXELS, 255)

    def test_one_that_does_not_start_is_no_fault_of_a_picture(self, picture, monkeypatch):
        monkeypatch.setattr(process, "_PROGRAM", "priorbench.pictures.no_such_module")
        with pytest.raises(PriorbenchError, match=r"does not start: .*no_such_module") as caught:
            read_picture(picture)
        assert not isinstance(caught.value, UnusableImageError)
        assert "\n" not in str(caught.value)


class TestNeverBelieved:
    """A file that has taken the decoder over can say what it likes."""

    @pytest.mark.parametrize(
        "answer",
        [
            "no json",
            "[" * 60_000,
            [],
            {},
            {"shape": [64, 64, 3], "dtype": "|u1"},
            {"shape": [64, 64, 3], "dtype": "|O8", "notes": []},
            {"shape": [64, 64, 3], "dtype": ">u2", "notes": []},
            {"shape": [64, 64, 4], "dtype": "|u1", "notes": []},
            {"shape": [64, 0], "dtype": "|u1", "notes": []},
            {"shape": [-64, -64], "dtype": "|u1", "notes": []},
            {"shape": [64.0, 64], "dtype": "|u1", "notes": []},
            {"shape": [True, 64], "dtype": "|u1", "notes": []},
            {"shape": [100_000, 100_000, 3], "dtype": "|u1", "notes": []},
            {"shape": [64, 64, 3], "dtype": "|u1", "notes": ["x" * 1000]},
            {"shape": [64, 64, 3], "dtype": "|u1", "notes": []},  # and nothing in the memory
            {"problem": ["x"]},
            {"problem": "x" * 1000},
        ],
    )
    def test_an_answer_that_is_none(self, picture, monkeypatch, answer):
        impostor(monkeypatch, f"say({answer!r})")
        assert "an answer that it never gives" in reason_of(picture)

    def test_floating_point_outside_the_range(self, picture, monkeypatch):
        values = np.array([[0.5, np.nan]], "f4").tobytes()
        answer = {"shape": [1, 2], "dtype": "<f4", "notes": []}
        impostor(monkeypatch, f"os.pwrite(shared, {values!r}, 64)\nsay({answer!r})")
        assert "an answer that it never gives" in reason_of(picture)

    @pytest.mark.parametrize("white", [0, -1, 65535, 70_000, "a", True, 0.5, 4095.0, [4095], 15])
    def test_a_white_that_no_file_says(self, picture, monkeypatch, white):
        values = np.array([[7, 16]], "u2").tobytes()
        answer = {"shape": [1, 2], "dtype": "<u2", "notes": [], "white": white}
        impostor(monkeypatch, f"os.pwrite(shared, {values!r}, 64)\nsay({answer!r})")
        assert "an answer that it never gives" in reason_of(picture)

    def test_another_white_than_was_asked_for(self, picture, monkeypatch):
        values = np.array([[7, 16]], "u2").tobytes()
        answer = {"shape": [1, 2], "dtype": "<u2", "notes": [], "white": 1023}
        impostor(monkeypatch, f"os.pwrite(shared, {values!r}, 64)\nsay({answer!r})")
        assert "an answer that it never gives" in reason_of(picture, PictureRules(white=4095))

    def test_another_crop_than_was_asked_for(self, picture, monkeypatch):
        answer = {"shape": [64, 64], "dtype": "|u1", "notes": []}
        impostor(monkeypatch, f"os.pwrite(shared, bytes(9999), 64)\nsay({answer!r})")
        assert "an answer that it never gives" in reason_of(picture, PictureRules(crop=32))

    def test_a_wrong_size(self, picture, monkeypatch):
        impostor(monkeypatch, "say({'size': [1]})")
        with pytest.raises(UnusableImageError, match="never gives"):
            picture_size(picture)

    def test_control_characters_in_its_words(self, picture, monkeypatch):
        impostor(monkeypatch, "say({'problem': 'a\\x1b[31m\\nb'})")
        assert reason_of(picture) == "a\\x1b[31m\\nb"

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
            ("os.kill(os.getpid(), signal.SIGPROF)", "s of processor time for its header"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
            ("os._exit(0)", "ended with status 0"),
            ("os._exit(7)", "ended with status 7"),
            ("while True: line.sendall(b'x' * 65536)", "stopped answering"),
            ("line.shutdown(2); time.sleep(60)", "stopped answering"),
        ],
    )
    def test_one_that_gives_no_answer(self, picture, monkeypatch, code, reason):
        monkeypatch.setattr(process, "_LAST_BREATH", 1.0)
        impostor(monkeypatch, code)
        assert reason in reason_of(picture)

    def test_silence(self, picture, monkeypatch):
        monkeypatch.setattr("priorbench.pictures.limits.patience", lambda pixels: 2)
        impostor(monkeypatch, "time.sleep(600)")
        assert "no pixels after 2 s" in reason_of(picture)

    def test_memory_that_cannot_be_had_is_no_fault_of_a_picture(self, picture, monkeypatch):
        impostor(monkeypatch, "say({'failure': 'its pixels cannot be handed over: no space'})")
        with pytest.raises(PriorbenchError, match="no space") as caught:
            read_picture(picture)
        assert not isinstance(caught.value, UnusableImageError)
        assert json.dumps(str(caught.value)).count("\\n") == 0
