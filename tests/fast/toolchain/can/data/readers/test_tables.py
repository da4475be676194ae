"""The formats that are tables of text: HCRL, Volvo, OTIDS."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import HCRL, VOLVO_HEADER
from toolchain.can.data.attacks import class_index
from toolchain.can.data.folder import read_folder
from toolchain.can.data.readers import text
from toolchain.errors import DataError

OTIDS_HEADER = (
    "Time,IntID1,ID2,DLC,Data,Label,IntID2,Data1,Data2,Data3,Data4,Data5,Data6,Data7,Data8,"
    "IntData1,IntData2,IntData3,IntData4,IntData5,IntData6,IntData7,IntData8\r\n"
)


def volvo(*rows: str) -> str:
    return VOLVO_HEADER + "".join(f"{row}\n" for row in rows)


def otids(time: str, identifier: int, flag: str, data: str, label: int) -> str:
    length = len(data.split()) if flag == "0" else 0
    return f"{time},{identifier},{flag},{length},{data},{label}," + ",".join(["0"] * 17) + "\r\n"


def test_hcrl_survives_bom_short_and_padded_rows(write):
    frames = read_folder(write("DoS_dataset.csv", b"\xef\xbb\xbf" + HCRL.encode())).frames
    assert frames.identifier.tolist() == [0x316, 0, 0x2B0, 0x5F0, 0x5F1]
    assert frames.length.tolist() == [8, 8, 5, 2, 2]
    assert frames.payload[0].tobytes().hex() == "052168092121006f"
    assert frames.payload[2].tobytes().hex() == "ff7f000549000000"
    assert frames.payload[4].tobytes().hex() == "0a0b000000000000"
    assert frames.label.tolist() == [0, class_index("dos"), 0, 0, 0]
    assert frames.time[0] == 1478198376.389427


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        ("DoS_dataset.csv", "dos"),
        ("1000doS_dataset.csv", "dos"),
        ("Fuzzy_dataset.csv", "fuzzing"),
        ("gear_dataset.csv", "gear"),
        ("RPM_dataset.csv", "rpm"),
        ("infected/SingleIDReplay/a.csv", "replay"),
        ("infected/OrderedSequenceReplay/a.csv", "sequence_replay"),
        ("infected/PayloadFuzzing/a.csv", "payload_fuzzing"),
        ("MessageIDFuzzing/gear-shifts/rpm.csv", "rpm"),
    ],
)
def test_attack_comes_from_the_name(write, name, attack):
    frames = read_folder(write(name, HCRL)).frames
    assert frames.label[1] == class_index(attack)


def test_last_line_needs_no_newline_and_crlf_is_read(write):
    whole = read_folder(write("dos.csv", HCRL)).frames
    again = read_folder(write("dos.csv", HCRL.rstrip("\n").replace("\n", "\r\n"))).frames
    for column in ("time", "identifier", "length", "payload", "label"):
        assert np.array_equal(getattr(whole, column), getattr(again, column))


def test_blocks_of_the_file_do_not_matter(write, monkeypatch):
    whole = read_folder(write("dos.csv", HCRL * 20)).frames
    monkeypatch.setattr(text, "_BLOCK_BYTES", 97)
    pieces = read_folder(write("dos.csv", HCRL * 20)).frames
    assert np.array_equal(whole.payload, pieces.payload)
    assert np.array_equal(whole.time, pieces.time)
    with pytest.raises(DataError, match=r"dos\.csv:104: "):
        read_folder(write("dos.csv", HCRL * 20 + HCRL.replace("05f0", "zz")))


@pytest.mark.parametrize(
    ("row", "line", "problem"),
    [
        ("1478198376.39,0316,8,05,21,68,09,21,21,00,6f", 6, "not DLC 8"),
        ("1478198376.39,0316,8,05,21,68,09,21,21,0", 6, "not DLC 8"),
        ("1478198376.39,03", 6, "ends early"),
        ("1478198376.39,0316,8,05,21,68,09,21,21,00,6f,R,R", 6, "too many"),
        ("1478198376.39,0316,8,05,21,xx,09,21,21,00,6f,R", 6, "'xx'"),
        ("1478198376.39,03g6,8,05,21,00,09,21,21,00,6f,R", 6, "'03g6'"),
        ("when,0316,8,05,21,00,09,21,21,00,6f,R", 6, "'when'"),
        ("nan,0316,8,05,21,00,09,21,21,00,6f,R", 6, "'nan'"),
        ("1478198376.39,0316,16,05,21,00,09,21,21,00,6f,R", 6, "DLC 16"),
        ("1478198376.39,0316,8,05,21,00,09,21,21,00,6f,X", 6, "'X'"),
        ("1478198376.39,0316,2,05,21,00", 6, "'00'"),
        ("1478198376.39,7fffffff,2,05,21,R", 6, "29 bits"),
        ("\x00\x01garbage", 6, "ends early"),
    ],
)
def test_malformed_hcrl_row_is_named(write, row, line, problem):
    with pytest.raises(DataError) as caught:
        read_folder(write("DoS_dataset.csv", HCRL + row + "\n" + HCRL))
    assert f"DoS_dataset.csv:{line}: " in str(caught.value)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hcrl_with_header_and_blanks(write):
    header = "Timestamp, ID, DLC, " + ", ".join(f"Data{k}" for k in range(8)) + ", Flag\n"
    plain = read_folder(write("dos.csv", HCRL)).frames
    spaced = read_folder(write("dos.csv", header + HCRL.replace(",", " , "))).frames
    for column in ("time", "identifier", "length", "payload", "label"):
        assert np.array_equal(getattr(plain, column), getattr(spaced, column))


def test_a_long_field_among_many_rows_takes_little_memory(write):
    rows = HCRL * 2000 + HCRL.replace("R", "R" * 12_000, 1)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"dos\.csv:10001: "):
        read_folder(write("dos.csv", rows))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20


def test_a_line_too_long_is_named_within_a_block(write):
    with pytest.raises(DataError, match=r"dos\.csv:6: line of more than 16,384 bytes"):
        read_folder(write("dos.csv", HCRL + "1" * 20_000 + "\n" + HCRL))


def test_hcrl_text_log_is_normal(write):
    log = (
        "Timestamp: 1479121434.850202        ID: 0350    000    DLC: 8    05 28 84 66 6d 00 00 a2\n"
        "Timestamp: 1479121434.850423        ID: 02c0    100    DLC: 0    \n"
        "Timestamp: 1479121434.850977        ID: 0430    000    DLC: 2    01 ff\n"
    )
    write("normal_run_data.txt", log)
    folder = read_folder(write("DoS_dataset.csv", HCRL))
    frames = folder.frames.slice(5, 7)
    assert frames.identifier.tolist() == [0x350, 0x430]
    assert [p.tobytes().hex() for p in frames.payload] == ["052884666d0000a2", "01ff000000000000"]
    assert not frames.label.any()
    assert "normal_run_data.txt: 1 remote frames skipped" in folder.notices


@pytest.mark.parametrize("cut", ["DLC: 8    05 28 84", "DLC: 8", "ID: 03"])
def test_a_text_log_with_half_a_line_is_named_but_at_its_end(write, cut):
    row, half = "Timestamp: 1.5 ID: 0350 000 DLC: 8 05 28 84 66 6d 00 00 a2\n", f"Timestamp: 1.6 ID: 0350 000 {cut}"
    write("DoS_dataset.csv", HCRL)
    folder = read_folder(write("normal_run_data.txt", row + half))
    assert len(folder.frames) == 6
    assert folder.notices == ("normal_run_data.txt: cut short in line 2: 1 frames are whole; that line is lost",)
    with pytest.raises(DataError, match=r"normal_run_data\.txt:2: "):
        read_folder(write("normal_run_data.txt", f"{row}{half}\n{row}"))
    with pytest.raises(DataError, match=r"normal_run_data\.txt:1: "):
        read_folder(write("normal_run_data.txt", half))


def test_volvo_payload_flags_and_times(write):
    table = volvo(
        "0.0,10,64,000000002FB031F8,0,FALSE",
        "9e-06,1,64,0,0,True",
        "0.5,2C5,16,A1,0,False",
        "0.10724349999999999,2C5,0,0,0,false",
    )
    frames = read_folder(write("DenialOfService/x.txt", table)).frames
    assert [p.tobytes().hex() for p in frames.payload] == [
        "000000002fb031f8",
        "0000000000000000",
        "00a1000000000000",
        "0000000000000000",
    ]
    assert frames.identifier.tolist() == [0x10, 0x1, 0x2C5, 0x2C5]
    assert frames.length.tolist() == [8, 8, 2, 0]
    assert frames.label.tolist() == [0, 1, 0, 0]
    assert frames.time.tolist() == [0.0, 9e-06, 0.5, 0.10724349999999999]


@pytest.mark.parametrize(
    ("known", "text_", "identifier"),
    [("290", "290.0", 0x290), ("1E0", "1.0", 0x1E0), ("1", "1.0", 0x1), ("5E2", "500.0", 0x5E2), ("8", "1.0", 0x1)],
)
def test_volvo_identifiers_that_became_floats(write, known, text_, identifier):
    table = volvo(f"0,{known},8,01,0,False", f"1,{text_},8,01,0,True", "2,7,8,01,0,False")
    frames = read_folder(write("OrderedSequenceReplay/x.txt", table)).frames
    assert frames.identifier.tolist() == [int(known, 16), identifier, 7]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,10,64,00", "6 fields"),
        ("1,10,64,00,0,Fal", "'Fal'"),
        ("1,10,63,00,0,False", "DLC 63"),
        ("1,10,72,00,0,False", "DLC 72"),
        ("1,10,8,0000,0,False", "longer than its DLC"),
        ("1,1.5,8,00,0,False", "'1.5'"),
        ("1,,8,00,0,False", "''"),
    ],
)
def test_malformed_volvo_row_is_named(write, row, problem):
    with pytest.raises(DataError) as caught:
        read_folder(write("DenialOfService/x.csv", volvo("0,1,8,01,0,True", row)))
    assert "x.csv:3: " in str(caught.value)
    assert problem in str(caught.value)


def test_otids_is_relabelled_and_remote_frames_are_skipped(write):
    rows = (
        otids("0", 0, "0", "00 00", 0),
        otids("0.000271", 128, "0", "00 17 dc 09 16 11 16 bb", 1),
        otids("0.1", 129, "100", "0", 1),
    )
    folder = read_folder(write("o.csv.gz", gzip.compress((OTIDS_HEADER + "".join(rows)).encode())))
    assert folder.frames.identifier.tolist() == [0, 128]
    assert folder.frames.label.tolist() == [1, 0]
    assert folder.frames.payload[1].tobytes().hex() == "0017dc09161116bb"
    assert any("1 remote frames skipped" in notice for notice in folder.notices)


def test_otids_row_with_too_few_bytes_is_named(write):
    rows = otids("0", 0, "0", "00 00", 0) + otids("1", 5, "0", "00 17 dc", 0).replace(" dc", "")
    with pytest.raises(DataError, match=r"o\.csv:3: '00 17'"):
        read_folder(write("o.csv", OTIDS_HEADER + rows))


def test_members_of_a_zip_are_read_and_damage_is_reported(write):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/dos.csv", HCRL)
        archive.writestr("__MACOSX/dos.csv", "x")
    folder = read_folder(write("set.zip", buffer.getvalue()))
    assert folder.captures[0].name == "set.zip!a/dos.csv"
    assert len(folder.frames) == 5
    with pytest.raises(DataError, match=r"set\.zip"):
        read_folder(write("set.zip", buffer.getvalue()[:-60]))


def test_of_a_gzip_that_was_cut_short_whole_lines_are_read(write):
    lines = [f"{k}.5,{k % 2048:04x},2,{k % 251:02x},{k % 199:02x},{'RT'[k % 2]}" for k in range(20_000)]
    packed = gzip.compress("\n".join(lines).encode())
    folder = read_folder(write("DoS.csv.gz", packed[: len(packed) // 2]))
    count = len(folder.frames)
    assert 5_000 < count < 15_000
    assert folder.frames.time[-1] == count - 0.5
    assert folder.notices == (
        f"DoS.csv.gz: cut short in line {count + 1:,} (the packed file has no end): {count:,} frames are whole; what "
        "follows is lost",
    )


def test_a_damaged_gzip_is_reported(write):
    packed = bytearray(gzip.compress((HCRL * 50).encode()))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(DataError, match=r"DoS\.csv\.gz: cannot be read"):
        read_folder(write("DoS.csv.gz", bytes(packed)))
