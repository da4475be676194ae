"""The register map of the AXI host link, in one place: the Verilog, the driver and docs/axi.md follow it.

Standard library only, Python 3.8 or newer, and nothing else of this project: the file can be copied and used alone.
``python -m toolchain.device.link.registers markdown`` prints the tables of docs/axi.md, ``... verilog`` the constants
of hls/rtl/axi_registers.v; tests hold both against this file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

MAP_VERSION = 2
MAGIC = int.from_bytes(b"GWAX", "little")

# Bytes of the address range; the vector window is its upper half, the answer window a quarter.
SPAN = 0x10000
VECTOR = 0x8000
VECTOR_SPAN = SPAN - VECTOR
ANSWER = 0x4000
ANSWER_SPAN = VECTOR - ANSWER
SETTING = 0x0400  # only of a chip with settings: a register for each

# Codes of COMMAND, and of STATUS.RUN; INFER and BENCH are those of the UART host link.
INFER = 0x02
BENCH = 0x03
BURST = 0x10  # only as STATUS.RUN: vectors that come by the stream
RESET = 0x80  # only as COMMAND: what a break is on the UART

READ_ONLY = "read"
WRITE_ONLY = "write"
READ_WRITE = "read, write"

CONSTANT = "constant"
KEPT = "kept"


class Register(NamedTuple):
    """One 32-bit register.

    Attributes:
        offset: byte address from the start of the range, a multiple of 4.
        bits: bits that mean something, from bit 0; the others read 0.
        access: READ_ONLY (a write is a bus error), WRITE_ONLY (reads 0) or READ_WRITE.
        reset: value after `aresetn`; CONSTANT: of the design; KEPT: 0 after configuration, and no reset changes it.
    """

    name: str
    offset: int
    bits: int
    access: str
    reset: int | str
    meaning: str


class Field(NamedTuple):
    """Bits of STATUS: the lowest, and how many."""

    name: str
    low: int
    bits: int
    meaning: str

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return ((1 << self.bits) - 1) << self.low

    def of(self, word: int) -> int:
        """The field's value in a register's value."""
        return (word & self.mask) >> self.low


REGISTERS = (
    Register("MAGIC", 0x000, 32, READ_ONLY, MAGIC, "`GWAX`, first letter in the low byte: this map"),
    Register("VERSION", 0x004, 8, READ_ONLY, MAP_VERSION, "version of this map"),
    Register("MODEL_HASH_LOW", 0x008, 32, READ_ONLY, CONSTANT, "model hash, bytes 0 to 3, byte 0 in the low bits"),
    Register("MODEL_HASH_HIGH", 0x00C, 32, READ_ONLY, CONSTANT, "model hash, bytes 4 to 7"),
    Register("BUILD_ID_LOW", 0x010, 32, READ_ONLY, CONSTANT, "build id, bytes 0 to 3"),
    Register("BUILD_ID_HIGH", 0x014, 32, READ_ONLY, CONSTANT, "build id, bytes 4 to 7"),
    Register("VECTOR_BYTES", 0x018, 16, READ_ONLY, CONSTANT, "bytes of one packed vector"),
    Register("BURST_BYTES", 0x01C, 16, READ_ONLY, CONSTANT, "bytes from one vector of a burst to the next"),
    Register("CLASSES", 0x020, 16, READ_ONLY, CONSTANT, "classes of which an answer is one; 0: it is a vector"),
    Register("CLOCK_HZ", 0x024, 32, READ_ONLY, CONSTANT, "the clock that CYCLES counts, as built for"),
    Register("BENCH_VECTORS", 0x028, 32, READ_ONLY, CONSTANT, "vectors stored for the bench"),
    Register("STREAM_BITS", 0x02C, 8, READ_ONLY, CONSTANT, "width of the input stream"),
    Register("COMMAND", 0x040, 8, WRITE_ONLY, 0, "starts a command; refused while busy, unless it is RESET"),
    Register("STATUS", 0x044, 16, READ_ONLY, 0, "what the chip does; fields below"),
    Register("BENCH_COUNT", 0x048, 32, READ_WRITE, 0, "inferences of the next bench"),
    Register("CYCLES_LOW", 0x050, 32, READ_ONLY, KEPT, "clock cycles of the last run, bits 0 to 31"),
    Register("CYCLES_HIGH", 0x054, 16, READ_ONLY, KEPT, "clock cycles of the last run, bits 32 to 47"),
    Register("CHECKSUM", 0x058, 32, READ_ONLY, KEPT, "CRC-32 of the bytes of all answers of the last run"),
    Register("INFERENCES", 0x080, 32, READ_ONLY, KEPT, "inferences"),
    Register("REQUESTS", 0x084, 32, READ_ONLY, KEPT, "commands obeyed, and bursts begun"),
    Register("DAMAGED", 0x088, 32, READ_ONLY, KEPT, "vectors of bursts that came incomplete"),
    Register("REFUSED", 0x08C, 32, READ_ONLY, KEPT, "commands refused: busy, or unknown"),
    Register("BUS_ERRORS", 0x090, 32, READ_ONLY, KEPT, "accesses answered with SLVERR"),
    Register("INPUT_TYPE", 0x0A0, 16, READ_ONLY, CONSTANT, "integers of a vector: bits (7:0) and kind (15:8)"),
    Register("INPUT_SIZE", 0x0A4, 32, READ_ONLY, CONSTANT, "first size of a vector's shape"),
    Register("INPUT_SIZES", 0x0A8, 32, READ_ONLY, CONSTANT, "second size (15:0) and third (31:16); 0: none"),
    Register("OUTPUT_TYPE", 0x0AC, 16, READ_ONLY, CONSTANT, "integers of an answer, as INPUT_TYPE"),
    Register("OUTPUT_SIZE", 0x0B0, 32, READ_ONLY, CONSTANT, "first size of an answer's shape"),
    Register("OUTPUT_SIZES", 0x0B4, 32, READ_ONLY, CONSTANT, "the others, as INPUT_SIZES"),
)

WINDOWS = (
    (
        SETTING,
        "SETTING",
        READ_WRITE,
        "by setting",
        "of a chip with settings: a register for each, in order of their numbers",
    ),
    (ANSWER, "ANSWER", READ_ONLY, KEPT, "window: the answer to the last vector of the last run, as in a burst"),
    (VECTOR, "VECTOR", READ_WRITE, KEPT, "window: one vector, BURST_BYTES long, as in a burst"),
)

ADDRESS = {register.name: register.offset for register in REGISTERS}
"""Byte address of each register by its name."""

BUSY = Field("BUSY", 0, 1, "a run or a reset goes on; results are valid only when 0")
REFUSED = Field("REFUSED", 1, 1, "a command was refused since the last one that was obeyed")
DAMAGED = Field("DAMAGED", 2, 1, "the last run was a burst in which a vector came incomplete")
RUN = Field("RUN", 8, 8, "the run that goes on or was the last: 0 none, 2 infer, 3 bench, 16 burst")
STATUS_FIELDS = (BUSY, REFUSED, DAMAGED, RUN)

TENSOR_REGISTERS = ("TYPE", "SIZE", "SIZES")
"""What INPUT_ and OUTPUT_ are followed by, in the order of `tensor_words`."""

COMMANDS = (
    ("INFER", INFER, "run the vector in the window; the window may be written anew at once"),
    ("BENCH", BENCH, "run BENCH_COUNT inferences of the stored vectors"),
    ("RESET", RESET, "give up what runs and reset everything but counters, BENCH_COUNT and window; always obeyed"),
)


def tensor_words(told: bytes) -> bytes:
    """The bytes of INPUT_TYPE to INPUT_SIZES for a tensor of 10 bytes, as `identify` of the UART tells it."""
    return told[:2] + bytes(2) + told[2:]


def told_tensor(words: bytes) -> bytes:
    """What `tensor_words` was made of."""
    return words[:2] + words[4:]


def answer_room(answer_bytes: int) -> int:
    """Bytes that an answer of so many takes in a burst and in the window: with its end, in whole words."""
    return (answer_bytes // 4 + 1) * 4


def windows_hold(burst_bytes: int, answer_bytes: int) -> bool:
    """Whether a chip has windows: for larger vectors or answers it has the streamed form, which has none.

    Args:
        burst_bytes: from one vector of a burst to the next.
    """
    return burst_bytes <= VECTOR_SPAN and answer_room(answer_bytes) <= ANSWER_SPAN


# Texts --------------------------------------------------------------------------------------------


def markdown() -> str:
    """Tables of the registers, the fields of STATUS, and the commands."""
    windows = [f"| `{at:04x}` | {name} | {access} | {reset} | {what} |" for at, name, access, reset, what in WINDOWS]
    registers = [f"| `{r.offset:04x}` | {r.name} | {r.access} | {_hex(r.reset)} | {r.meaning} |" for r in REGISTERS]
    status = [f"| {_bit_range(field)} | {field.name} | {field.meaning} |" for field in STATUS_FIELDS]
    commands = [f"| `{code:02x}` | {name} | {meaning} |" for name, code, meaning in COMMANDS]
    tables = (
        ["| offset | register | access | reset | meaning |", "|---|---|---|---|---|", *registers, *windows],
        ["| bits of STATUS | field | meaning |", "|---|---|---|", *status],
        ["| COMMAND | name | meaning |", "|---|---|---|", *commands],
    )
    return "\n\n".join("\n".join(table) for table in tables) + "\n"


def verilog() -> str:
    """Constants for hls/rtl/axi_registers.v, each line indented by four spaces."""
    values = [(f"A_{register.name}", 16, register.offset) for register in REGISTERS]
    values += [
        ("A_ANSWER", 16, ANSWER),
        ("A_VECTOR", 16, VECTOR),
        ("MAGIC", 32, MAGIC),
        ("MAP_VERSION", 32, MAP_VERSION),
    ]
    values += [(name, 8, code) for name, code, _ in COMMANDS] + [("BURST", 8, BURST)]
    return "".join(
        f"    localparam [{bits - 1}:0] {name} = {bits}'h{value:0{bits // 4}x};\n" for name, bits, value in values
    )


def _hex(value: int | str) -> str:
    return value if isinstance(value, str) else f"`{value:x}`"


def _bit_range(field: Field) -> str:
    return str(field.low) if field.bits == 1 else f"{field.low + field.bits - 1}:{field.low}"


def main(arguments: Sequence[str]) -> int:
    """Print one of the texts; exit status 2 if there is none of that name."""
    texts = {"markdown": markdown, "verilog": verilog}
    if len(arguments) != 1 or arguments[0] not in texts:
        print(f"usage: python -m toolchain.device.link.registers {'|'.join(texts)}", file=sys.stderr)
        return 2
    print(texts[arguments[0]](), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
