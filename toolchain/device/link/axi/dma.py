"""The AXI DMA in direct register mode: one transfer to the logic, one back (AMD product guide PG021)."""

from __future__ import annotations

from toolchain.device.link.axi.device import Buffer, Registers, wait_until
from toolchain.errors import ToolError

SPAN = 0x1000
SEND, RECEIVE = 0x00, 0x30  # base of the memory-to-stream and of the stream-to-memory channel
CONTROL, STATUS, ADDRESS, ADDRESS_HIGH, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28

RUN, RESET = 1 << 0, 1 << 2  # bits of CONTROL
HALTED, IDLE, SCATTER_GATHER, DONE = 1 << 0, 1 << 1, 1 << 3, 1 << 12  # bits of STATUS
ERRORS = {4: "internal error", 5: "slave error", 6: "decode error"}
_ERROR_BITS = sum(1 << bit for bit in ERRORS)
_ACKNOWLEDGE = 0x7000  # interrupt flags of STATUS: written 1, they clear

LENGTH_BITS = 26
"""Width of the length register that the block design asks for."""
_RESET_SECONDS = 1.0


class AxiDma:
    """Both channels of one AXI DMA.

    Args:
        registers: its registers.

    Raises:
        ToolError: what answers at this address is no AXI DMA in direct register mode, or it does not come out of reset.
    """

    def __init__(self, registers: Registers) -> None:
        self._registers = registers
        self.reset()
        if registers.read(SEND + STATUS) & SCATTER_GATHER:
            raise ToolError("the AXI DMA is in scatter-gather mode; the driver knows direct register mode only")

    def reset(self) -> None:
        """Give up what runs; both channels then run again and wait.

        Raises:
            ToolError: the reset does not end.
        """
        self._registers.write(SEND + CONTROL, RESET)
        if not wait_until(lambda: not self._registers.read(SEND + CONTROL) & RESET, _RESET_SECONDS):
            raise ToolError("the AXI DMA does not come out of reset; load the package's bitstream, and check its clock")
        for channel in (SEND, RECEIVE):
            self._registers.write(channel + CONTROL, RUN)

    def transfer(self, source: Buffer, sent: int, target: Buffer, received: int, seconds: float) -> None:
        """Send bytes of one buffer and fill another with the answer; returns when both are done.

        Args:
            sent, received: bytes.
            seconds: how long it may take.

        Raises:
            ToolError: the DMA reports an error, or time is up.
        """
        if max(sent, received) >= 1 << LENGTH_BITS:
            raise ToolError(f"a transfer of {max(sent, received)} bytes; the AXI DMA takes {(1 << LENGTH_BITS) - 1}")
        self._start(RECEIVE, target.address, received)
        self._start(SEND, source.address, sent)
        ended = wait_until(lambda: self._ended(RECEIVE) or bool(self._fault()), seconds)
        fault = self._fault()
        if fault or not ended:
            text = fault or f"not done after {seconds:g} s (send {self._text(SEND)}, receive {self._text(RECEIVE)})"
            self.reset()
            raise ToolError(f"AXI DMA: {text}")

    def _start(self, channel: int, address: int, length: int) -> None:
        self._registers.write(channel + STATUS, _ACKNOWLEDGE)
        self._registers.write(channel + ADDRESS, address & 0xFFFFFFFF)
        self._registers.write(channel + ADDRESS_HIGH, address >> 32)
        self._registers.write(channel + LENGTH, length)

    def _ended(self, channel: int) -> bool:
        return bool(self._registers.read(channel + STATUS) & DONE)

    def _fault(self) -> str:
        for name, channel in (("send", SEND), ("receive", RECEIVE)):
            status = self._registers.read(channel + STATUS)
            if status & _ERROR_BITS:
                return f"{name}: " + ", ".join(text for bit, text in ERRORS.items() if status >> bit & 1)
        return ""

    def _text(self, channel: int) -> str:
        status = self._registers.read(channel + STATUS)
        return "halted" if status & HALTED else "idle" if status & IDLE else "running"
