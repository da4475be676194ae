"""A folder as a whole: what is refused, what is ignored, what is recorded."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile

import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import HCRL
from toolchain.can.data import folder as folder_module
from toolchain.can.data.folder import read_folder
from toolchain.can.data.readers import limits
from toolchain.can.data.readers import source as source_module
from toolchain.errors import DataError

NORMAL = HCRL.replace(",T\n", ",R\n")


def test_provenance_and_notices(write):
    write("README.md", "notes")
    write("notes.txt", "notes")
    write(".hidden.csv", "x")
    write("fuzzy.csv", NORMAL)
    folder = read_folder(write("sub/DoS.csv", HCRL))
    assert [c.name for c in folder.captures] == ["fuzzy.csv", "sub/DoS.csv"]
    capture = folder.captures[1]
    assert capture.sha256 == hashlib.sha256(HCRL.encode()).hexdigest()
    assert (capture.frames, capture.attacks) == (5, {"dos": 1})
    assert folder.notices == (
        "README.md: ignored, not a capture",
        "notes.txt: ignored, not a capture",
        "fuzzy.csv: named fuzzing but holds no injected frame",
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("DoS.csv", "", r"DoS\.csv:1: the capture is empty"),
        ("DoS.csv", " \n\n", r"DoS\.csv:1: the capture is empty"),
        ("normal_run_data.txt", "", r"normal_run_data\.txt:1: the capture is empty"),
        ("x.csv", "a,b,c\n1,2,3\n", r"x\.csv:1: not a known capture format"),
        ("x.blf", "nonsense", r"x\.blf:1: not a known capture format"),
        ("drive.csv", HCRL, r"drive\.csv:2: an injected frame in a capture of no known attack"),
        ("normal.csv", HCRL, r"normal\.csv:2: an injected frame"),
        ("normal.csv", NORMAL, r"no attack in 1 captures \(5 frames\)"),
        ("README.md", "text", r"no CAN capture in it"),
        (
            "DoS.csv",
            "timestamp,CAN_ID,DLC,PAYLOAD_HEX,PAYLOAD_BIN,ANOMALY\n",
            "holds no data frame",
        ),
    ],
)
def test_unusable_data_is_refused_in_one_line(write, name, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read_folder(write(name, content))
    assert "\n" not in str(caught.value)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        read_folder(tmp_path / "nowhere")


def test_hcrl_sample(real):
    folder = read_folder(real("hcrl"))
    assert len(folder.frames) == 13_141
    assert np.bincount(folder.frames.label).tolist() == [11_280, 1_861]
    assert sum("holds no injected frame" in notice for notice in folder.notices) == 3


def test_volvo_sequence_replay(real):
    folder = read_folder(real("volvo-v40") / "infected" / "OrderedSequenceReplay")
    replayed = folder.frames.identifier[folder.frames.label > 0]
    assert len(folder.frames) == 246_530
    # The two identifiers that went through floating point are resolved to the car's own.
    assert (replayed == 0x290).sum() == (replayed == 0x1E0).sum() == 154
    assert not (replayed == 1).any()


def test_a_link_out_of_the_folder_is_not_read(write, tmp_path):
    (tmp_path / "secret.csv").write_text(HCRL)
    data = write("DoS.csv", HCRL)
    (data / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(DataError, match=r"link\.csv: a link that leads out of"):
        read_folder(data)


def test_links_within_the_folder_are_read_and_loops_are_refused(write):
    data = write("DoS.csv", HCRL)
    (data / "dos-2.csv").symlink_to("DoS.csv")
    assert len(read_folder(data).frames) == 10
    (data / "a").symlink_to("b")
    (data / "b").symlink_to("a")
    with pytest.raises(DataError, match="cannot be read: Too many levels"):
        read_folder(data)


def test_what_is_no_file_is_refused(write):
    data = write("DoS.csv", HCRL)
    os.mkfifo(data / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: neither a file nor a folder"):
        read_folder(data)


@pytest.mark.parametrize("members", [limits.MOST_FILES + 1, 5 * limits.MOST_FILES])
def test_a_zip_of_too_many_members_is_refused(write, members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(members):
            archive.writestr(zipfile.ZipInfo(f"{'n' * 100}{number}.csv"), "")
    with pytest.raises(DataError, match=r"more than 4,096"):
        read_folder(write("a.zip", packed.getvalue()))


@pytest.mark.parametrize(("bound", "most"), [("MOST_FRAMES_TOGETHER", 9), ("MOST_CAPTURES", 1)])
def test_a_folder_of_too_much_is_refused(write, monkeypatch, bound, most):
    monkeypatch.setattr(folder_module, bound, most)
    write("DoS.csv", HCRL)
    with pytest.raises(DataError, match="train on fewer"):
        read_folder(write("dos-2.csv", HCRL))


def test_what_unpacks_to_too_much_is_refused(write, monkeypatch):
    monkeypatch.setattr(source_module, "MOST_BYTES", 1 << 20)
    with pytest.raises(DataError, match=r"dos\.log\.gz: more than"):
        read_folder(write("dos.log.gz", gzip.compress(b"(1.0) can0 000#00\n" * 70_000)))


TWO_BUSES = "".join(f"({100 + k}.0) can{k % 2} 10{k % 2}#00\n" for k in range(10))


def test_each_bus_is_a_capture_of_its_own(write):
    write("a.log", TWO_BUSES)
    folder = read_folder(write("a.log.attacks.csv", "start,end,attack,identifier\n2,4,dos,\n"))
    assert [(c.name, c.frames, dict(c.attacks)) for c in folder.captures] == [
        ("a.log:can0", 5, {"dos": 1}),
        ("a.log:can1", 5, {"dos": 1}),
    ]
    assert folder.frames.identifier.tolist() == [0x100] * 5 + [0x101] * 5
    assert folder.frames.spans() == [(0, 5), (5, 10)]
    assert folder.notices == ("a.log: 2 buses (can0, can1), each by itself",)


def test_intervals_hold_to_the_microsecond(write):
    """Differences of times that count from 1970 are not whole: 1.0 s may come out as 0.99999976."""
    write("a.log", "".join(f"({1600000000 + k / 100:.6f}) can0 100#00\n" for k in range(400)))
    frames = read_folder(write("a.log.attacks.csv", "start,end,attack,identifier\n1.0,2.0,dos,\n")).frames
    assert np.flatnonzero(frames.label).tolist() == list(range(100, 200))


def test_intervals_need_times(write):
    write("a.log", "  can0  123   [1]  00\n")
    with pytest.raises(DataError, match=r"a\.log\.attacks\.csv: .* the capture has no times"):
        read_folder(write("a.log.attacks.csv", "start,end,attack,identifier\n1.0,2.0,dos,\n"))
