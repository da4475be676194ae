from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board import OpenBoard
from toolchain.catalog import load_board
from toolchain.errors import ConfigError, ToolError
from toolchain.run.loader import load

TWO = (
    "001 004 0403:6015 ft231X FER-RADIONA-EMARD D00001 ULX3S FPGA 85K v3.0.8\n"
    "003 017 0403:6010 FTDI2232 1BitSquared iceb1 iCEBreaker V1.0e"
)


def board(name: str = "ulx3s") -> OpenBoard:
    found = load_board(name)
    assert isinstance(found, OpenBoard)
    return found


@pytest.fixture
def bits(tmp_path: Path) -> Path:
    path = tmp_path / "design.bit"
    path.write_bytes(b"bits")
    return path


def asked(loader: Path) -> list[str]:
    return (loader / "asked").read_text().splitlines()


def test_cable_and_fpga_are_checked_before_a_bit_moves(loader: Path, bits: Path) -> None:
    said = load(board(), bits, keep=False)
    assert asked(loader) == ["--scan-usb", "--board ulx3s --detect", f"--board ulx3s {bits}"]
    assert said == "ULX3S 85F by cable 0403:6015 at 1:4, LFE5U-85: loaded into the FPGA; it is gone after power-off"


def test_into_flash_memory(loader: Path, bits: Path) -> None:
    assert load(board(), bits, keep=True).endswith("loaded into flash memory; it stays after power-off")
    assert asked(loader)[-1] == f"--board ulx3s --write-flash {bits}"


def test_no_cable(loader: Path, bits: Path) -> None:
    (loader / "cables").write_text("")
    with pytest.raises(ToolError, match="no programming cable is connected"):
        load(board(), bits, keep=False)
    assert asked(loader) == ["--scan-usb"]


def test_a_cable_that_may_not_be_used(loader: Path, bits: Path) -> None:
    (loader / "cables").write_text("001 004 0403:6015 locked")
    with pytest.raises(ToolError, match="may not be used; install openFPGALoader's udev rules"):
        load(board(), bits, keep=False)


def test_two_cables_must_be_chosen_from(loader: Path, bits: Path) -> None:
    (loader / "cables").write_text(TWO)
    with pytest.raises(ConfigError, match=r"2 programming cables are connected: 1:4 \(0403:6015 .*; choose with"):
        load(board(), bits, keep=False)
    with pytest.raises(ConfigError, match=r"--cable 2:2: should be one of: 1:4"):
        load(board(), bits, keep=False, cable="2:2")
    load(board(), bits, keep=False, cable="1:4")
    assert asked(loader)[-1] == f"--board ulx3s --busdev-num 1:4 {bits}"


def test_another_fpga_is_not_loaded(loader: Path, bits: Path) -> None:
    (loader / "model").write_text("LFE5U-25")
    with pytest.raises(ToolError, match=r"behind the cable is LFE5U-25 \(0x41113043\), the package is for LFE5U-85F"):
        load(board(), bits, keep=False)
    assert not any(str(bits) in line for line in asked(loader))


def test_a_board_without_power(loader: Path, bits: Path) -> None:
    (loader / "model").write_text("")
    with pytest.raises(ToolError, match="no FPGA answers behind the cable; is ULX3S 85F powered"):
        load(board(), bits, keep=False)


def test_gowins_die_by_its_own_name(loader: Path, bits: Path) -> None:
    (loader / "model").write_text("GW1N(R)-9C")
    assert "GW1N(R)-9C: loaded" in load(board("tangnano9k"), bits, keep=False)


def test_an_ice40_cannot_be_asked(loader: Path, bits: Path) -> None:
    assert "iCE40UP5K-SG48 not checked" in load(board("icebreaker"), bits, keep=False)
    assert len(asked(loader)) == 2


def test_a_loader_that_fails_is_named_with_its_reason(loader: Path, bits: Path) -> None:
    (loader / "status").write_text("3")
    with pytest.raises(ToolError, match="openFPGALoader ended with status 3: Error: Failed to program FPGA; is the"):
        load(board(), bits, keep=False)


def test_a_missing_loader_is_named(bits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="openFPGALoader is not on the PATH; install"):
        load(board(), bits, keep=False)
