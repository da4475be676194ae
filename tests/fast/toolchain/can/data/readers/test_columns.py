"""A CSV whose columns a file tells."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.can.data.attacks import class_index
from toolchain.can.data.folder import read_folder
from toolchain.errors import DataError, GateweaveError

TRAIN_AND_TEST = "timestamp,arbitration_id,data_field,attack\n" + "".join(
    f"{1.6e9 + k / 100:.6f},{0x100 + k:03X},{'AB' * (k % 9)},{int(k % 5 == 0)}\n" for k in range(20)
)
COLUMNS = """time: timestamp
identifier: arbitration_id
data: data_field
label: attack
labels: {"0": normal, "1": attack}
"""
SPREAD = "CAN_ID;D0;D1;D2;Label\n0x7b;1;2;;R\n0x7c;255;;;dos\n0x7d;3;4;5;rpm\n"
SPREAD_COLUMNS = """identifier: CAN_ID
data: [D0, D1, D2]
data_base: dec
separator: ;
label: Label
labels: {R: normal, dos: dos, rpm: rpm}
"""


def test_columns_of_a_folder_and_the_attack_of_the_name(write):
    write("columns.yaml", COLUMNS)
    folder = read_folder(write("fuzzing-1.csv", TRAIN_AND_TEST))
    frames = folder.frames
    assert frames.identifier.tolist() == list(range(0x100, 0x114))
    assert frames.length.tolist() == [k % 9 for k in range(20)]
    assert frames.payload[3].tobytes().hex() == "ababab0000000000"
    assert frames.label.tolist() == [class_index("fuzzing") * (k % 5 == 0) for k in range(20)]
    assert np.allclose(frames.time, 1.6e9 + np.arange(20) / 100)
    assert folder.notices == ()


def test_columns_of_one_capture_and_labels_of_several_attacks(write):
    write("a.csv.columns.yaml", SPREAD_COLUMNS)
    folder = read_folder(write("a.csv", SPREAD))
    assert folder.frames.identifier.tolist() == [0x7B, 0x7C, 0x7D]
    assert [d.tobytes().hex()[:6] for d in folder.frames.payload] == ["010200", "ff0000", "030405"]
    assert folder.frames.label.tolist() == [0, class_index("dos"), class_index("rpm")]
    assert folder.notices == ("a.csv: no times: its frames are taken to be 0.001 s apart",)


def test_decimal_commas_and_base_64(write):
    head = "timestamp;arbitration_id;dlc;data;label\n"
    write("a.csv", head + "1,25;0x123;2;AQI=;0\n1,5;0x124;0;;1\n")
    told = "time: timestamp\nidentifier: arbitration_id\ndata: data\nlength: dlc\nseparator: ;\ndecimal: ','\n"
    labels = "label: label\nlabels: {'0': normal, '1': dos}\n"
    frames = read_folder(write("columns.yaml", told + "data_base: base64\n" + labels)).frames
    assert frames.time.tolist() == [1.25, 1.5]
    assert frames.payload[:, :2].tolist() == [[1, 2], [0, 0]]
    assert frames.length.tolist() == [2, 0]


def test_numbers_name_columns_where_there_is_no_header(write):
    write(
        "columns.yaml",
        "header: false\ntime: 1\ntime_unit: ms\nidentifier: 2\ndata: 3\nlabel: 4\nlabels: {A: dos, B: normal}\n",
    )
    frames = read_folder(write("x.csv", "1500,123,01 02,B\n2000,124,0x0304,A\n")).frames
    assert frames.time.tolist() == [1.5, 2.0]
    assert frames.payload[:, :2].tolist() == [[1, 2], [3, 4]]


def test_a_known_format_needs_no_columns(write):
    write("columns.yaml", COLUMNS)
    write("fuzzing.csv", TRAIN_AND_TEST)
    folder = read_folder(write("dos.csv", "1.5,0123,1,00,R\n1.6,0000,1,00,T\n"))
    assert [capture.format for capture in folder.captures] == ["HCRL Car-Hacking CSV", "CSV with columns.yaml"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (COLUMNS.replace("time:", "tme:"), r"columns\.yaml: tme: unknown key; allowed: .*identifier"),
        (COLUMNS.replace("identifier: arbitration_id\n", ""), r"columns\.yaml: identifier: missing"),
        (COLUMNS + "time_unit: minutes\n", r"columns\.yaml: time_unit: 'minutes': should be 's', 'ms', 'us' or 'ns'"),
        (COLUMNS.replace("attack}", "bad}"), r"columns\.yaml: labels\.1: 'bad': should be 'normal', 'dos'"),
        (COLUMNS.replace("label: attack\n", ""), r"columns\.yaml: label, labels: give both"),
        (COLUMNS + "header: false\n", r"columns\.yaml: header: false has no names"),
        (COLUMNS.replace("data_field", "payload"), r"dos\.csv:1: no column 'payload'.*the header has: timestamp, "),
        (COLUMNS.replace(', "1": attack', ""), r"dos\.csv:2: label '1' is none of those that columns\.yaml tells: 0"),
        (COLUMNS + "length: attack\n", r"dos\.csv:2: 0 bytes of data, but the length 1"),
    ],
)
def test_wrong_columns_are_one_line(write, columns, problem):
    write("columns.yaml", columns)
    with pytest.raises(GateweaveError, match=problem):
        read_folder(write("dos.csv", TRAIN_AND_TEST))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1.0,123", "2 columns, expected 4"),
        ("nan,123,00,0", "'nan' is not a time in s"),
        ("1_0,123,00,0", "'1_0' is not a time in s"),
        ("1.0,12x,00,0", "'12x' is not a whole number"),
        ("1.0,123,0,0", "'0' is not whole bytes"),
        ("1.0,40000000,00,0", "more than 29 bits"),
        ('1.0,"123,00,0', "not a row of a CSV"),
    ],
)
def test_a_malformed_row_is_named(write, row, problem):
    write("columns.yaml", COLUMNS)
    with pytest.raises(DataError, match=rf"dos\.csv:22: .*{problem}"):
        read_folder(write("dos.csv", TRAIN_AND_TEST + row + "\n"))
