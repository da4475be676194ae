"""Processor cores of microcontrollers: compilers, flags, and the machines of qemu that play them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolchain.board import Memory

EMULATED_HZ = 1_000_000_000
"""What an emulated program says its clock is: one instruction a nanosecond of qemu's own time (`-icount shift=0`)."""


@dataclass(frozen=True)
class Machine:
    """A machine of qemu whose processor runs a core's program.

    Attributes:
        program: of qemu; `package`: Debian's that holds it.
        options: that pick machine and processor.
        flash, ram: where the program lies there; only so much of each is used as the board has.
        source: file of `c/machines`.
        defines: what that file is told, and start-up.
        step: instructions that its counter goes by.
    """

    program: str
    package: str
    options: tuple[str, ...]
    flash: Memory
    ram: Memory
    source: str
    defines: Mapping[str, str]
    step: float


@dataclass(frozen=True)
class Core:
    """A processor core.

    Attributes:
        prefix: of the cross compiler's programs; `package`: Debian's that holds it.
        flags: that choose the instruction set.
        start: start-up file of `c`.
        defines: what it is told on a board.
    """

    prefix: str
    package: str
    flags: tuple[str, ...]
    start: str
    defines: Mapping[str, str]
    machine: Machine

    @property
    def programs(self) -> dict[str, str]:
        """What a build needs on the PATH, and Debian's packages that bring it."""
        return {f"{self.prefix}gcc": self.package, self.machine.program: self.machine.package}


_ARM = ("arm-none-eabi-", "gcc-arm-none-eabi")
_RISCV = ("riscv64-unknown-elf-", "gcc-riscv64-unknown-elf")
_MILLION = 1 << 20


def _mps2(board: str, flash: int, ram: int, uart: int, tick: float, **defines: str) -> Machine:
    """`tick`: instructions in a tick of its SysTick, whose clock qemu sets; in quarters of one."""
    return Machine(
        "qemu-system-arm",
        "qemu-system-arm",
        ("-M", board),
        Memory(start=flash, bytes=4 * _MILLION),
        Memory(start=ram, bytes=2 * _MILLION),
        "mps2.c",
        {"UART_BASE": f"{uart:#x}u", "CYCLES_A_TICK_TIMES_4": f"{round(4 * tick)}u", **defines},
        tick,
    )


def _virt(program: str, processor: str) -> Machine:
    return Machine(
        program,
        "qemu-system-misc",
        ("-M", "virt", "-bios", "none", "-cpu", processor),
        Memory(start=0x8000_0000, bytes=8 * _MILLION),
        Memory(start=0x8080_0000, bytes=8 * _MILLION),
        "virt.c",
        {},
        1,
    )


CORES: Mapping[str, Core] = {
    "cortex-m0plus": Core(
        *_ARM,
        ("-mcpu=cortex-m0plus", "-mthumb"),
        "start_arm.c",
        {"CYCLES_A_TICK_TIMES_4": "4u"},
        # A Cortex-M3, which runs ARMv6-M as it is, and is told to trap what is not aligned as that does: no machine of
        # qemu with a smaller core has the memory.
        _mps2("mps2-an385", 0, 0x2000_0000, 0x4000_4000, 40, TRAPS_UNALIGNED="1"),
    ),
    "cortex-m4": Core(
        *_ARM,
        ("-mcpu=cortex-m4", "-mthumb"),
        "start_arm.c",
        {"CYCLES_A_TICK_TIMES_4": "4u"},
        # The SysTick of the MPS2 counts 25 MHz.
        _mps2("mps2-an386", 0, 0x2000_0000, 0x4000_4000, 40),
    ),
    "cortex-m33": Core(
        *_ARM,
        ("-mcpu=cortex-m33", "-mthumb"),
        "start_arm.c",
        {"CYCLES_A_TICK_TIMES_4": "4u"},
        # In secure state, as it starts; its SysTick counts 20 MHz.
        _mps2("mps2-an505", 0x1000_0000, 0x3800_0000, 0x5020_0000, 50),
    ),
    # No board of ours has the next one, nor the last; they are there for boards of one's own, and for the tests.
    "cortex-m55": Core(
        *_ARM,
        ("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"),
        "start_arm.c",
        {"CYCLES_A_TICK_TIMES_4": "4u"},
        # Its tightly coupled memories, 512 KiB each; its SysTick counts 32 MHz.
        _mps2("mps3-an547", 0, 0x2000_0000, 0x5930_3000, 31.25),
    ),
    "rv32imc": Core(
        *_RISCV,
        ("-march=rv32imc_zicsr", "-mabi=ilp32", "-msmall-data-limit=0"),
        "start_riscv.c",
        {},
        _virt("qemu-system-riscv32", "rv32,a=false,f=false,d=false"),
    ),
    "rv64gcv": Core(
        *_RISCV,
        ("-march=rv64gcv_zicsr", "-mabi=lp64d", "-mcmodel=medany", "-msmall-data-limit=0"),
        "start_riscv.c",
        {},
        _virt("qemu-system-riscv64", "rv64,v=true,vext_spec=v1.0"),
    ),
}
"""By the word of `chip.core`."""
