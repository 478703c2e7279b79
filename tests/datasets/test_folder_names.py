"""Awkward file names, and the ids made of them."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_folders import fill, outcome

from priorbench.errors import PriorbenchError
from priorbench_images.folder import folder
from priorbench_images.names import file_of, id_of

AWKWARD_NAMES = (
    "name with spaces.png", "new\nline.png", "tab\there.png", "quote'\"$(x)`;&.png", "comma,semicolon;.png",
    "-leading-dash.png", "=cmd.png", "UPPER.PNG", "double.png.jpeg.png", "L" * 240 + ".png", "noextension",
    "ünïcode-图像-🙂.png", unicodedata.normalize("NFC", "café-nfd.png"),
    unicodedata.normalize("NFD", "café-nfd.png"),
    "not-utf8-\udcff\udce9.png",
)  # fmt: skip


class TestNames:
    def test_every_awkward_name_comes_out_once_and_opens_by_its_id(self, tmp_path):
        fill(tmp_path, *AWKWARD_NAMES)
        fill(tmp_path, ".hidden.png", "._appledouble.png", ".git/inside.png", data=b"no picture")
        images = folder(path=str(tmp_path))
        used, skipped = outcome(images)
        assert not skipped
        assert len(images) == len(set(used)) == len(AWKWARD_NAMES)
        assert "not-utf8-\\udcff\\udce9.png" in used
        for name in used:
            assert images.load(name).id == name

    def test_every_id_can_be_written_as_json_and_csv(self, tmp_path):
        used, _ = outcome(folder(path=str(fill(tmp_path, *AWKWARD_NAMES))))
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        json.dump(used, stream, ensure_ascii=False)
        csv.writer(stream).writerow(used)
        stream.flush()

    @given(
        st.lists(st.sampled_from(["\\", "x5c", "udc80", "udcff", "\udc80", "\udcff", "u", "a"]), max_size=9)
    )
    def test_ids_are_text_and_lead_back_to_the_name(self, parts):
        """So two names never share an id, not even where one looks like the escaped form of the other."""
        name = "n" + "".join(parts)
        id_of(name).encode("utf-8")
        assert file_of(id_of(name)) == name

    @given(st.binary(min_size=1, max_size=40))
    def test_any_bytes_can_be_a_name(self, raw):
        name = b"n" + raw.replace(b"\0", b"x").replace(b"/", b"_")
        text = name.decode("utf-8", "surrogateescape")
        id_of(text).encode("utf-8")
        assert file_of(id_of(text)) == text

    @pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "a//b.png", ""])
    def test_an_id_never_leads_out_of_the_folder(self, tmp_path, name):
        fill(tmp_path, "secret.png", "in/a.png")
        with pytest.raises(PriorbenchError, match="relative to its folder"):
            folder(path=str(tmp_path / "in")).load(name)
