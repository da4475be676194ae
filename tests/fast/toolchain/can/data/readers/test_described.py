"""What is said of a CSV that no reader knows."""

from __future__ import annotations

import pytest

from toolchain.can.data.folder import read_folder
from toolchain.can.data.readers.described import described
from toolchain.errors import DataError


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"time;id;data\n1,5;123;00\n", "3 columns ('time', 'id', 'data') between ';', with decimal commas;"),
        (b"\xef\xbb\xbfa\tb\r\n1.5\t2\r\n", "2 columns ('a', 'b') between tabs;"),
        (b'"No.","Time","Info"\n"1","0.5","a, b, c"\n', "3 columns ('No.', 'Time', 'Info') between ',';"),
        (b",".join(b"%d" % k for k in range(20)) + b"\n", "20 columns ('0', '1', '2', '3', '4', '5', '6', '7' ...)"),
    ],
)
def test_separator_columns_and_decimal_commas_are_told(head: bytes, said: str) -> None:
    assert described(head).startswith(f": a CSV of {said}")


@pytest.mark.parametrize("head", [b"", b"\n\n", b"words\nand words\n", bytes(range(256))])
def test_of_what_is_no_table_nothing_is_said(head: bytes) -> None:
    assert described(head) == ""


def test_the_error_names_the_mend(write) -> None:
    with pytest.raises(DataError, match=r"x\.csv:1: .* between ';'; name them in columns\.yaml beside it") as caught:
        read_folder(write("x.csv", "zeit;kennung\n1;2\n"))
    assert "known are: HCRL" in str(caught.value)
