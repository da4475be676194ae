"""Plain Linux: the kernel's files made of folders, mapped files instead of hardware."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from tests.fast.toolchain.package.amd.packages import bit_file
from toolchain.device.link.axi.fpga_manager import FpgaManager, firmware_of
from toolchain.device.link.axi.linux import LinuxDevice
from toolchain.errors import ToolError

BASE = 0x2000
PAGE = mmap.PAGESIZE


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine whose logic is configured, with /dev/mem and a u-dma-buf of three pages."""
    manager = tmp_path / "sys/class/fpga_manager/fpga0"
    for name, content in (("state", "operating\n"), ("flags", "0"), ("firmware", "")):
        put(manager / name, content)
    put(tmp_path / "dev/mem", bytes(BASE + 2 * PAGE))
    put(tmp_path / "dev/udmabuf0", bytes(3 * PAGE))
    entry = tmp_path / "sys/class/u-dma-buf/udmabuf0"
    for name, content in (("size", str(3 * PAGE)), ("phys_addr", "0x0000000070000000\n"), ("sync_mode", "1")):
        put(entry / name, content)
    return tmp_path


# Loading --------------------------------------------------------------------------------------------


def test_a_bitstream_loses_its_header_and_its_words_are_turned_round(tmp_path: Path) -> None:
    words = bytes.fromhex("ffffffff aa995566 01020304")
    assert firmware_of(put(tmp_path / "x.bit", bit_file(words))) == bytes.fromhex("ffffffff 665599aa 04030201")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: data + b"x",
        lambda data: data.replace(bytes.fromhex("aa995566"), bytes(4)),
        lambda data: b"",
        lambda data: b"<html>not found</html>",
    ],
)
def test_a_file_that_is_no_whole_bitstream_never_reaches_the_kernel(root: Path, damage: object) -> None:
    path = put(root / "x.bit", damage(bit_file()))  # type: ignore[operator]
    with pytest.raises(ToolError, match=r"x\.bit: is no \.bit file of Vivado, or not whole"):
        FpgaManager(root).load(path)
    assert (root / "sys/class/fpga_manager/fpga0/firmware").read_text() == ""


def test_loading_asks_the_kernel_for_a_full_bitstream(root: Path) -> None:
    manager = root / "sys/class/fpga_manager/fpga0"
    put(manager / "flags", "1")
    LinuxDevice(root).load(put(root / "x.bit", bit_file()))
    name = (manager / "firmware").read_text()
    assert (root / "lib/firmware" / name).read_bytes() == firmware_of(root / "x.bit")
    assert (manager / "flags").read_text() == "0"


def test_a_bitstream_after_which_the_logic_does_not_operate_is_an_error(root: Path) -> None:
    put(root / "sys/class/fpga_manager/fpga0/state", "write error\n")
    with pytest.raises(ToolError, match="fpga_manager says `write error`, not `operating`"):
        FpgaManager(root).load(put(root / "x.bit", bit_file()))


def test_a_kernel_without_fpga_manager_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="the kernel needs CONFIG_FPGA_MGR_ZYNQMP_FPGA"):
        LinuxDevice(tmp_path).load(put(tmp_path / "x.bit", bit_file()))


def test_a_kernel_that_takes_overlays_only_is_named(root: Path) -> None:
    (root / "sys/class/fpga_manager/fpga0/firmware").unlink()
    with pytest.raises(ToolError, match="by device-tree overlay only"):
        FpgaManager(root).load(put(root / "x.bit", bit_file()))


def test_what_the_kernel_refuses_is_an_error(root: Path) -> None:
    firmware = root / "sys/class/fpga_manager/fpga0/firmware"
    firmware.unlink()
    firmware.mkdir()
    with pytest.raises(ToolError, match="the kernel refused it"):
        FpgaManager(root).load(put(root / "x.bit", bit_file()))


# Registers and memory -------------------------------------------------------------------------------


def test_registers_are_words_of_dev_mem_at_their_address(root: Path) -> None:
    registers = LinuxDevice(root).registers(BASE + 0x10, 0x100)
    registers.write(4, 0xDEADBEEF)
    assert registers.read(4) == 0xDEADBEEF
    assert (root / "dev/mem").read_bytes()[BASE + 0x14 :][:4] == bytes.fromhex("efbeadde")


def test_uio_is_taken_where_the_device_tree_has_the_address(root: Path) -> None:
    put(root / "sys/class/uio/uio3/maps/map1/addr", f"{BASE:#010x}\n")
    put(root / "dev/uio3", bytes(2 * PAGE))
    LinuxDevice(root).registers(BASE, 0x100).write(8, 7)
    assert (root / "dev/uio3").read_bytes()[PAGE + 8] == 7
    assert (root / "dev/mem").read_bytes()[BASE + 8] == 0


def test_registers_of_logic_that_is_not_configured_are_not_touched(root: Path) -> None:
    put(root / "sys/class/fpga_manager/fpga0/state", "unknown\n")
    with pytest.raises(ToolError, match=r"not configured .* load the bitstream first"):
        LinuxDevice(root).registers(BASE, 0x100)


def test_memory_that_cannot_be_mapped_is_named(root: Path) -> None:
    (root / "dev/mem").unlink()
    with pytest.raises(ToolError, match=r"dev/mem: cannot be mapped \(No such file or directory\); run it as root"):
        LinuxDevice(root).registers(BASE, 0x100)


def test_buffers_are_pages_of_one_u_dma_buf(root: Path) -> None:
    device = LinuxDevice(root)
    first, second = device.buffer(100), device.buffer(PAGE + 1)
    assert (first.address, second.address) == (0x70000000, 0x70000000 + PAGE)
    first.write(b"one")
    second.write(b"two")
    content = (root / "dev/udmabuf0").read_bytes()
    assert (content[:3], content[PAGE:][:3], second.read(3)) == (b"one", b"two", b"two")


def test_a_u_dma_buf_that_is_used_up_is_named(root: Path) -> None:
    device = LinuxDevice(root)
    device.buffer(PAGE)
    with pytest.raises(ToolError, match=f"udmabuf0: {2 * PAGE} bytes left, {2 * PAGE + 1} needed"):
        device.buffer(2 * PAGE + 1)


def test_the_cache_is_left_out_and_a_buffer_of_our_own_comes_first(root: Path) -> None:
    for name, content in (("size", str(PAGE)), ("phys_addr", "0x1000"), ("sync_mode", "0")):
        put(root / "sys/class/u-dma-buf/gateweave" / name, content)
    put(root / "dev/gateweave", bytes(PAGE))
    assert LinuxDevice(root).buffer(8).address == 0x1000
    assert (root / "sys/class/u-dma-buf/gateweave/sync_mode").read_text() == "1"


def test_without_u_dma_buf_the_mend_is_named(root: Path) -> None:
    for path in (root / "sys/class/u-dma-buf/udmabuf0").iterdir():
        path.unlink()
    (root / "sys/class/u-dma-buf/udmabuf0").rmdir()
    with pytest.raises(ToolError, match="modprobe u-dma-buf"):
        LinuxDevice(root).buffer(8)
