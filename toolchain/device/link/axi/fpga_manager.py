"""Loads a bitstream through the kernel's fpga_manager, as AMD's Linux offers it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from toolchain.errors import ToolError

_SYNC = bytes.fromhex("aa995566")
_SYNC_WITHIN = 4096
OPERATING = "operating"


class FpgaManager:
    """The first fpga_manager of the machine.

    Args:
        root: where `sys` and `lib` lie; another folder than `/` only in tests.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._manager = root / "sys/class/fpga_manager/fpga0"
        self._firmware = root / "lib/firmware"

    def state(self) -> str:
        """What the kernel says of the logic: `operating` after a bitstream was loaded.

        Raises:
            ToolError: there is no fpga_manager.
        """
        try:
            return (self._manager / "state").read_text().strip()
        except OSError as error:
            raise ToolError(
                f"{self._manager}: cannot be read ({error.strerror}); the kernel needs CONFIG_FPGA_MGR_ZYNQMP_FPGA or "
                f"CONFIG_FPGA_MGR_ZYNQ_FPGA, as AMD's images have"
            ) from error

    def load(self, bitstream: Path) -> None:
        """Configure the whole logic with a `.bit` file.

        Raises:
            ToolError: no fpga_manager, no permission, no bitstream, or the kernel refuses it.
        """
        self.state()
        data = firmware_of(bitstream)
        name = f"gateweave-{hashlib.sha256(data).hexdigest()[:16]}.bin"
        try:
            self._firmware.mkdir(parents=True, exist_ok=True)
            (self._firmware / name).write_bytes(data)
            if (self._manager / "flags").exists():
                (self._manager / "flags").write_text("0")
            self._request(name)
        except PermissionError as error:
            raise ToolError(f"{error.filename}: permission denied; run it as root (`sudo -i`)") from error
        except OSError as error:
            raise ToolError(f"{bitstream}: the kernel refused it ({error.strerror}); is it for this device?") from error
        self._must_operate(bitstream)

    def _request(self, name: str) -> None:
        file = self._manager / "firmware"
        if not file.exists():
            raise ToolError(
                f"{file}: is missing: this kernel loads bitstreams by device-tree overlay only; use AMD's kernel, or "
                f"load the bitstream in another way and add --no-load"
            )
        file.write_text(name)

    def _must_operate(self, bitstream: Path) -> None:
        state = self.state()
        if state != OPERATING:
            raise ToolError(f"{bitstream}: loaded, but fpga_manager says `{state}`, not `{OPERATING}`; see dmesg")


def firmware_of(bitstream: Path) -> bytes:
    """What fpga_manager takes: the configuration words of a `.bit` file, each with its bytes turned round.

    Raises:
        ToolError: the file cannot be read, or is no bitstream of Vivado.
    """
    try:
        data = bitstream.read_bytes()
    except OSError as error:
        raise ToolError(f"{bitstream}: cannot be read ({error.strerror})") from error
    words = _configuration(data)
    if words is None or len(words) % 4 or _SYNC not in words[:_SYNC_WITHIN]:
        raise ToolError(f"{bitstream}: is no .bit file of Vivado, or not whole; copy the package again")
    swapped = bytearray(len(words))
    for lane in range(4):
        swapped[lane::4] = words[3 - lane :: 4]
    return bytes(swapped)


def _configuration(data: bytes) -> bytes | None:
    """Content of a `.bit` file behind its header: fields of a key, a length and a text; key `e` holds the words."""
    at = 2 + int.from_bytes(data[:2], "big") + 2
    while at < len(data):
        key, at = data[at : at + 1], at + 1
        if key == b"e":
            length, at = int.from_bytes(data[at : at + 4], "big"), at + 4
            return data[at : at + length] if at + length == len(data) else None
        if key not in (b"a", b"b", b"c", b"d"):
            return None
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    return None
