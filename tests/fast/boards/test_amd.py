"""The AMD boards' facts against published board data.

The tables were typed from the sources named in them, not from our files.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.fast.boards.folders import BOARDS, boards_of
from toolchain.board import AmdBoard
from toolchain.device.link.registers import SPAN

# AMD's data sheets, with block RAMs as they count them (RAMB36): DS891 (Zynq UltraScale+), DS987 (K26 module), DS190
# (Zynq-7000). The same figures stand under `Available` in utilisation reports of Vivado that people have published.
_DEVICES = {
    "xczu7ev": {"lut": 230400, "ff": 460800, "ramb36": 312, "dsp": 1728, "uram": 96},
    "xczu9eg": {"lut": 274080, "ff": 548160, "ramb36": 912, "dsp": 2520, "uram": 0},
    "xczu3eg": {"lut": 70560, "ff": 141120, "ramb36": 216, "dsp": 360, "uram": 0},
    "xck26": {"lut": 117120, "ff": 234240, "ramb36": 144, "dsp": 1248, "uram": 64},
    "xc7z020": {"lut": 53200, "ff": 106400, "ramb36": 140, "dsp": 220, "uram": 0},
}

# Parts and board parts: board.xml of the board files in Xilinx/XilinxBoardStore (zcu104/1.1, zcu102/3.4, kv260_som/1.4,
# TUL/pynq-z2/A.0), Avnet/bdf (ultra96v2/1.2), and the pynq-z1 files that PYNQ's documentation links to; the parts also
# in finn.util.basic.part_map. Sensors: the device trees in Xilinx/linux-xlnx (zynqmp-zcu104-revC.dts: u183, u175,
# u180; zynqmp-zcu102-revA.dts: PS_PMBUS and PL_PMBUS; zynqmp-sck-kv-g-revA.dts: u14) and Avnet/Ultra96-PYNQ
# (petalinux_bsp_v2, system-user.dtsi: 0x43, 0x44, 0x45); drivers/hwmon/iio_hwmon.c makes `ina226-u76` `ina226_u76`.
_PUBLISHED: dict[str, dict[str, Any]] = {
    "zcu104": {
        "part": "xczu7ev-ffvc1156-2-e",
        "board_part": "xilinx.com:zcu104:part0:1.1",
        "sensors": {"ina226", "irps5401"},
    },
    "zcu102": {
        "part": "xczu9eg-ffvb1156-2-e",
        "board_part": "xilinx.com:zcu102:part0:3.4",
        "sensors": {f"ina226_u{u}" for u in (76, 77, 78, 87, 85, 86, 93, 88, 15, 92, 79, 81, 80, 84, 16, 65, 74, 75)},
    },
    "kv260": {
        "part": "xck26-sfvc784-2LV-c",
        "board_part": "xilinx.com:kv260_som:part0:1.4",
        "sensors": {"ina260_u14"},
    },
    "ultra96v2": {
        "part": "xczu3eg-sbva484-1-i",
        "board_part": "avnet.com:ultra96v2:part0:1.2",
        "sensors": {"irps5401", "ir38060"},
    },
    "pynq-z1": {
        "part": "xc7z020clg400-1",
        "board_part": "www.digilentinc.com:pynq-z1:part0:1.0",
        "sensors": set(),
    },
    "pynq-z2": {"part": "xc7z020clg400-1", "board_part": "tul.com.tw:pynq-z2:part0:1.0", "sensors": set()},
}

# Where the processor reaches the logic, and what `uname -m` says: UG1085, system address map (M_AXI_HPM0_FPD, the part
# below 4 GB); UG585, system address map (M_AXI_GP0).
_FAMILIES = {
    "zynq_ultrascale": {"port": (0xA000_0000, 0xAFFF_FFFF), "machine": "aarch64", "clock": "pl_clk0"},
    "zynq_7000": {"port": (0x4000_0000, 0x7FFF_FFFF), "machine": "armv7l", "clock": "FCLK_CLK0"},
}
# PG021: the registers of the AXI DMA end below 0x80; Vivado gives every slave 64 KiB.
_DMA_SPAN = 0x1_0000


# Room for the AXI DMA, interconnects and resets beside the design: our choice, to be held against Vivado's report.
_SHELL_LUTS = 10_000


def _load(name: str) -> AmdBoard:
    return AmdBoard.model_validate(yaml.safe_load((BOARDS / name / "board.yaml").read_text()))


@pytest.fixture(params=sorted(_PUBLISHED))
def board(request: pytest.FixtureRequest) -> AmdBoard:
    return _load(request.param)


def test_every_amd_board_is_in_the_table() -> None:
    assert boards_of("fpga_amd") == sorted(_PUBLISHED)


@pytest.mark.parametrize("name", sorted(_PUBLISHED))
def test_name_is_the_folder(name: str) -> None:
    assert _load(name).name == name


def test_part_board_file_and_sensors_are_as_published(board: AmdBoard) -> None:
    facts = _PUBLISHED[board.name]
    assert board.fpga.part == facts["part"]
    assert board.processing_system.board_part == facts["board_part"]
    assert set(board.sensors) == facts["sensors"]
    assert len(board.sensors) == len(facts["sensors"])


def test_capacity_is_as_published_with_block_rams_in_halves(board: AmdBoard) -> None:
    device = next(name for name in _DEVICES if board.fpga.part.startswith(name))
    facts = dict(_DEVICES[device])
    facts["bram"] = 2 * facts.pop("ramb36")
    assert board.fpga.resources.model_dump() == facts


def test_family_and_machine_are_those_of_the_part(board: AmdBoard) -> None:
    assert board.fpga.family == ("zynq_7000" if board.fpga.part.startswith("xc7z") else "zynq_ultrascale")
    assert board.processing_system.machine == _FAMILIES[board.fpga.family]["machine"]


def test_addresses_lie_apart_in_the_port_and_where_vivado_can_map_them(board: AmdBoard) -> None:
    first, last = _FAMILIES[board.fpga.family]["port"]
    windows = sorted([(board.host_link.control, SPAN), (board.host_link.dma, _DMA_SPAN)])
    for start, span in windows:
        assert first <= start and start + span - 1 <= last
        assert start % span == 0
    assert windows[0][0] + windows[0][1] <= windows[1][0]


def test_the_share_leaves_room_for_the_shell(board: AmdBoard) -> None:
    assert (1 - board.target.share) * board.fpga.resources.lut >= _SHELL_LUTS


def test_the_readme_says_what_the_yaml_says(board: AmdBoard) -> None:
    text = (BOARDS / board.name / "README.md").read_text()
    resources, link = board.fpga.resources, board.host_link
    for words in (
        f"`{board.fpga.part}`: {resources.lut:,} LUTs, {resources.ff:,} flip-flops, {resources.bram // 2} RAMB36",
        f"{resources.dsp:,} DSPs",
        f"{_FAMILIES[board.fpga.family]['clock']} of the processing system, {board.clock.mhz:g} MHz",
        f"registers at `0x{link.control:08X}`, AXI DMA at `0x{link.dma:08X}`",
        f"{link.data_bits}-bit streams",
        f"{board.target.fps:,.0f} inferences/s, at most {board.target.share:.0%}".replace("%", " %"),
        f"`{board.processing_system.board_part}`",
        f"make build BOARD={board.name}",
        *(f"`{sensor}`" for sensor in board.sensors),
    ):
        assert words in text


def test_the_readme_claims_no_run_on_the_board(board: AmdBoard) -> None:
    words = " ".join((BOARDS / board.name / "README.md").read_text().split())
    assert "**Nothing here has been run in Vivado or on the board yet.**" in words
