from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.fpga.ice40_bitstream import plain_header


def test_ports_are_declared_once_and_apart() -> None:
    decoded = "\nmodule chip (input clk, output uart_tx, output led);\n\nreg led = 0;\nendmodule\n"
    assert plain_header(decoded, Path("x.bin")) == (
        "\nmodule chip (clk, uart_tx, led);\n  input clk;\n  output uart_tx;\n  output led;"
        "\n\nreg led = 0;\nendmodule\n"
    )


def test_an_empty_device_is_refused() -> None:
    with pytest.raises(ToolError, match=r"x\.bin: icebox found no design"):
        plain_header("// nothing\n", Path("x.bin"))
