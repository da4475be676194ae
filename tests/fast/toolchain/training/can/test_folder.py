"""A folder as a whole: what is refused, what is ignored, what is recorded."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tests.fast.toolchain.training.can.conftest import HCRL
from toolchain.errors import DataError
from toolchain.training.can.folder import read_folder

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
