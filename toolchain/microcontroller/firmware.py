"""The sources of a board's program: the network's C, the host link, start-up, link scripts and a Makefile."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.board import McuBoard, Memory
from toolchain.device.link.protocol import CRC_BYTES, Identity, Types, encode_reply
from toolchain.errors import ModelError
from toolchain.files import write_atomic
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import write_sources
from toolchain.kernels.generate import CSource
from toolchain.microcontroller.cores import CORES, EMULATED_HZ, Core

# Boards that take UF2: the family, and whether a second stage stands before the program.
_UF2 = {"raspberrypi-pico": ("0xe48bff56", " boot"), "raspberrypi-pico2": ("0xe48bff59", "")}

STACK_BYTES = 2048
"""Kept for the stack."""

_C = Path(__file__).parent / "c"
_SHARED = ("host_link.c", "memory.c", "board.h", "string.h")
_PART_BYTES = 1024
_MOST_ANSWER = 0xFF00
# Silence that ends a frame. An emulator's clock and that of a busy computer are far apart.
_TIMEOUT_US, _EMULATED_TIMEOUT_US = 10_000, 200_000
_FRAME_BYTES = 6

_CONFIG = """\
/* Generated: what of the network the host link knows. `model.h` has the rest. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdint.h>

#ifdef EMULATED
#define CLOCK_HZ {emulated_hz}u /* one instruction a nanosecond */
#define TIMEOUT_US {emulated_timeout}u
{emulated}
#else
#define CLOCK_HZ {clock_hz}u
#define TIMEOUT_US {timeout}u
{board}
#endif
#define BAUD {baud}u

#define VECTOR_BYTES {vector_bytes}u
#define PART_BYTES {part_bytes}u
#define MAX_PAYLOAD {max_payload}u
#define INPUT_ELEMENTS {inputs}u
#define INPUT_BITS {input_bits}u
#define INPUT_IS_PACKED {is_packed} /* the packed vector is an array of C */
#define INPUT_OF(code) ({input_of})
#define ANSWER_ELEMENTS {outputs}u
#define ANSWER_ELEMENT_BYTES {answer_bytes}u
#define SETTINGS {settings}
#define SETTING_RESETS {{{resets}}}

typedef {input_type} input_t;
typedef {output_type} output_t;

/* The reply to identify; the clock of the emulated program is another one. */
#ifdef EMULATED
#define IDENTITY {{{identity_emulated}}}
#else
#define IDENTITY {{{identity}}}
#endif

#endif
"""

_LINK = """\
/* Generated: {what}. */
MEMORY
{{
    FLASH (rx) : ORIGIN = {flash.start:#x}, LENGTH = {flash.bytes}
    RAM (rwx) : ORIGIN = {ram.start:#x}, LENGTH = {ram.bytes}
}}

ENTRY({entry})

SECTIONS
{{
    .text : {{
{head}        *(.text .text.*)
        . = ALIGN(4);
    }} > FLASH
    .rodata : {{
        *(.rodata .rodata.* .srodata .srodata.*)
        . = ALIGN(4);
    }} > {tables}
    .data : {{
        link_data_start = .;
        *(.data .data.* .sdata .sdata.*)
        . = ALIGN(4);
        link_data_end = .;
    }} > RAM{copied}
    link_data_from = LOADADDR(.data);
    .bss (NOLOAD) : {{
        . = ALIGN(8);
        link_bss_start = .;
        *(.bss .bss.* .sbss .sbss.* COMMON)
        . = ALIGN(8);
        link_bss_end = .;
    }} > RAM
    .stack (NOLOAD) : {{
        link_stack_start = .;
        . += {stack};
        . = ALIGN(8);
        link_stack_end = .;
    }} > RAM
    /DISCARD/ : {{ *(.ARM.exidx* .ARM.attributes .comment .note*) }}
}}
"""

_MAKEFILE = """\
# make: firmware.elf and what a programmer takes, with {compiler} (Debian: {package}).
# make emulated.elf: the same for the machine of qemu that it was proved on.
CROSS = {prefix}
CFLAGS = -O3
FLAGS = {flags} -std=gnu99 -Wall -Wextra -ffreestanding -fno-tree-loop-distribute-patterns -ffunction-sections \\
    -fdata-sections -I. $(CFLAGS)
LINK = -nostdlib -static -Wl,--gc-sections
SHARED = host_link.c memory.c model.c {start}
HEADERS = $(wildcard *.h)

all: firmware.elf {images}

firmware.elf: $(SHARED) board.c firmware.ld $(HEADERS)
\t$(CROSS)gcc $(FLAGS) $(LINK) -T firmware.ld -o $@ $(SHARED) board.c -lgcc

emulated.elf: $(SHARED) machine.c emulated.ld $(HEADERS)
\t$(CROSS)gcc $(FLAGS) -DEMULATED $(LINK) -T emulated.ld -o $@ $(SHARED) machine.c -lgcc

firmware.bin: firmware.elf
\t$(CROSS)objcopy -O binary firmware.elf $@

{image_rule}clean:
\trm -f firmware.elf emulated.elf {images}

.PHONY: all clean
"""


@dataclass(frozen=True)
class Program:
    """A network as a board's program.

    Attributes:
        made: its C: one input, one output.
        types: what goes in and what comes out, as the host link tells it.
        model_hash, build_id: 8 bytes each.
    """

    made: CSource
    types: Types
    model_hash: bytes
    build_id: bytes

    @property
    def vector_bytes(self) -> int:
        """Of one packed vector."""
        return (self.types.input.elements * self.types.input.bits + 7) // 8

    def identity(self, clock_hz: int) -> Identity:
        """What the program says of itself: it stores no vectors, and takes one request at a time."""
        in_parts = self.vector_bytes > _PART_BYTES
        return Identity(
            sequence=0,
            version=2,
            model_hash=self.model_hash,
            build_id=self.build_id,
            clock_hz=clock_hz,
            bench_vectors=0,
            max_payload=_PART_BYTES + 2 if in_parts else max(self.vector_bytes, 5 if self.made.stops.thresholds else 4),
            part_bytes=_PART_BYTES if in_parts else 0,
            buffer_bytes=0,
            timeout_us=_EMULATED_TIMEOUT_US if clock_hz == EMULATED_HZ else _TIMEOUT_US,
            types=self.types,
        )


def write_firmware(program: Program, board: McuBoard, folder: Path) -> None:
    """Write a program's sources, which `make` in that folder compiles.

    Raises:
        ModelError: more than one input or output, or an answer too long for a frame.
    """
    core = CORES[board.chip.core]
    _must_be_carried(program)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_SHARED, core.start):
        shutil.copyfile(_C / name, folder / name)
    shutil.copyfile(_C / "boards" / f"{board.name}.c", folder / "board.c")
    if board.name in _UF2:
        shutil.copyfile(_C / "boards" / "rp2.h", folder / "rp2.h")
    if board.chip.image != "bin":
        shutil.copyfile(_C.parent / "image.py", folder / "image.py")
    shutil.copyfile(_C / "machines" / core.machine.source, folder / "machine.c")
    shutil.copyfile(_C / "machines" / "bridge.h", folder / "bridge.h")
    write_sources(program.made, folder)
    write_atomic(folder / "config.h", _config(program, board, core))
    write_atomic(folder / "Makefile", _makefile(board, core))
    for name, text in link_scripts(board).items():
        write_atomic(folder / name, text)


def link_scripts(board: McuBoard) -> dict[str, str]:
    """Both link scripts: the emulated program has no more memory than the board."""
    chip, machine = board.chip, CORES[board.chip.core].machine
    emulated = [
        Memory(start=there.start, bytes=own.bytes)
        for there, own in ((machine.flash, chip.flash), (machine.ram, chip.ram))
    ]
    return {
        "firmware.ld": _link(chip.image, f"where all lies on a {board.title}", chip.flash, chip.ram),
        "emulated.ld": _link(
            chip.image, f"memories as large as those of a {board.title}, where the emulator has some", *emulated
        ),
    }


def _link(image: str, what: str, flash: Memory, ram: Memory) -> str:
    # What a boot ROM starts stands first, what it looks for behind the vector table.
    head = "        KEEP(*(.boot))\n        . = ALIGN(256);\n        KEEP(*(.vectors))\n        KEEP(*(.vectors.*))\n"
    # What is loaded whole lies where it is used; bytes are not read by the bus of instructions.
    tables, copied = ("RAM", "") if image == "esp" else ("FLASH", " AT > FLASH")
    return _LINK.format(
        tables=tables, copied=copied, what=what, flash=flash, ram=ram, head=head, entry="start", stack=STACK_BYTES
    )


def _must_be_carried(program: Program) -> None:
    inputs = [tensor for tensor in program.made.tensors if not tensor.output]
    if len(inputs) != 1 or len(program.made.tensors) != 2:
        raise ModelError("a microcontroller takes networks of one input and one output")
    if (size := program.types.answer.size) > _MOST_ANSWER:
        raise ModelError(f"the host link carries an answer of up to {_MOST_ANSWER:,} bytes, not of {size:,}")


def _config(program: Program, board: McuBoard, core: Core) -> str:
    given, made = program.made.tensors
    kind, answer, clock = program.types.input, program.types.answer, board.chip.mhz * 1_000_000
    told, thresholds = program.identity(clock), program.made.stops.thresholds
    is_packed = kind.kind != 2 and kind.bits == 8 * given.dtype.itemsize
    return _CONFIG.format(
        emulated_hz=EMULATED_HZ,
        clock_hz=clock,
        emulated=_defines(core.machine.defines),
        board=_defines(core.defines),
        baud=board.host_link.baud,
        timeout=_TIMEOUT_US,
        emulated_timeout=_EMULATED_TIMEOUT_US,
        vector_bytes=program.vector_bytes,
        part_bytes=_PART_BYTES if told.part_bytes else program.vector_bytes,
        max_payload=told.max_payload,
        inputs=kind.elements,
        input_bits=kind.bits,
        is_packed=int(is_packed),
        input_of=_value_of(kind.bits, kind.kind),
        outputs=answer.elements,
        answer_bytes=answer.size // answer.elements,
        settings=len(thresholds),
        resets=", ".join(map(str, thresholds)),
        input_type=c_type(given.dtype),
        output_type=c_type(made.dtype),
        identity=_bytes(told),
        identity_emulated=_bytes(program.identity(EMULATED_HZ)),
    )


def _defines(defines: Mapping[str, str]) -> str:
    return "\n".join(f"#define {name} {value}" for name, value in defines.items())


def _value_of(bits: int, kind: int) -> str:
    """The element that a packed code stands for, as C."""
    if kind == 2:
        return "(input_t)(2 * (int)(code) - 1)"
    if kind == 1:
        half = f"{1 << (bits - 1)}"
        return f"(input_t)((int64_t)((code) ^ {half}u) - (int64_t){half}u)"
    return "(input_t)(code)"


def _bytes(told: Identity) -> str:
    payload = encode_reply(told)[_FRAME_BYTES:-CRC_BYTES]
    return ", ".join(map(str, payload))


def _image_rule(board: McuBoard) -> str:
    if board.chip.image == "esp":
        return "firmware.esp: firmware.elf image.py\n\tpython3 image.py esp firmware.elf $@\n\n"
    if board.name not in _UF2:
        return ""
    family, boot = _UF2[board.name]
    made = f"python3 image.py uf2 {family} {board.chip.flash.start:#x} firmware.bin $@{boot}"
    return f"firmware.uf2: firmware.bin image.py\n\t{made}\n\n"


def images_of(board: McuBoard) -> dict[str, str]:
    """Files that a programmer takes beside the ELF file, by what they are."""
    if board.chip.image == "esp":
        return {"image": "firmware.esp"}
    return {"binary": "firmware.bin", **({"uf2": "firmware.uf2"} if board.name in _UF2 else {})}


def _makefile(board: McuBoard, core: Core) -> str:
    return _MAKEFILE.format(
        compiler=f"{core.prefix}gcc",
        package=core.package,
        prefix=core.prefix,
        flags=" ".join(core.flags),
        start=core.start,
        images=" ".join(images_of(board).values()),
        image_rule=_image_rule(board),
    )
