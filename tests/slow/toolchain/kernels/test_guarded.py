"""A network's C for small processors, held to its memory: by pages that may not be touched, and by gcc's traps.

Address sanitizers do not see what instructions written by hand read, nor are there any for these processors.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import bytes_by_bytes, feeds_of, mostly_zeros
from tests.fast.toolchain.runtime.derive import random_graphs as by_ends
from tests.sim.hls import random_graphs as by_kinds
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import write_sources
from toolchain.kernels.generate import CSource, c_source
from toolchain.microcontroller.cores import CORES

_HERE = Path(__file__).parent
_SHARED = Path(__file__).parents[4] / "toolchain" / "microcontroller" / "c"
_TRAPPED = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")


@dataclass(frozen=True)
class _Player:
    """How a core's program is played.

    Attributes:
        words: that come before its file.
        define: what tells that the C uses what the core has.
        page: bytes of the least piece of memory that may be guarded.
        start, ram: where code lies, and what is written; None: behind the code.
        fault: what a program ends with that touches what is guarded.
        most: pieces that may be apart; of more constants all are one.
    """

    words: tuple[str, ...]
    define: str
    page: int = 4096
    start: int = 0x100000
    ram: int | None = None
    fault: int = -signal.SIGSEGV
    most: int = 1000


# qemu's user mode of Debian 12 starts no Cortex-M; a Cortex-A15 runs their code, but for Helium's.
_A15 = ("qemu-arm-static", "-cpu", "cortex-a15")
_AN547 = ("qemu-system-arm", "-M", "mps3-an547", "-nographic", "-monitor", "none", "-serial", "none")
_HALF_HOSTED = ("-semihosting-config", "enable=on,target=native", "-kernel")
_PLAYERS = {
    "cortex-m0plus": _Player(_A15, "MODEL_SCALAR"),
    "cortex-m4": _Player(_A15, "MODEL_ARM_DSP"),
    "cortex-m55": _Player((*_AN547, *_HALF_HOSTED), "MODEL_HELIUM", 32, 0, 0x2000_0000, 11, 13),
    "rv32imc": _Player(("qemu-riscv32-static",), "MODEL_SCALAR"),
    "rv64gcv": _Player(("qemu-riscv64-static", "-cpu", "rv64,v=true,vext_spec=v1.0"), "MODEL_RISCV_V"),
}


@pytest.fixture(params=_PLAYERS)
def core(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    for program in (f"{CORES[name].prefix}gcc", _PLAYERS[name].words[0]):
        if not shutil.which(program):
            pytest.skip(f"no {program}")
    return name


@pytest.mark.parametrize("low", [-3, 0])
def test_dot_products_of_bytes(core: str, low: int, tmp_path: Path) -> None:
    graph = bytes_by_bytes(low)
    made = c_source(graph)
    told = f"#ifndef {_PLAYERS[core].define}\n#error it is left out\n#endif\n"
    _must_answer(graph, replace(made, source=made.source + told), core, tmp_path)


@pytest.mark.parametrize("values", [(1, -1), tuple(range(-100, 100))])
def test_products_of_weights_that_are_mostly_zero(core: str, values: tuple[int, ...], tmp_path: Path) -> None:
    graph = mostly_zeros(values)
    _must_answer(graph, c_source(graph), core, tmp_path)


@pytest.mark.parametrize("seed", range(200, 202))
def test_random_networks(core: str, seed: int, tmp_path: Path) -> None:
    for number, graph in enumerate((by_ends.random_graph(seed), by_kinds.random_graph(np.random.default_rng(seed)))):
        (folder := tmp_path / str(number)).mkdir()
        _must_answer(graph, c_source(graph, rows=1 + 7 * (seed % 2)), core, folder)


def test_an_output_too_many_is_seen(core: str, tmp_path: Path) -> None:
    """Its weights lie beyond the last."""
    graph = bytes_by_bytes(-3)
    made = c_source(graph)
    text, found = re.subn(r"(row_int8_t\(x0, \w+, \d+), 21,", r"\1, 22,", made.source)
    assert found == 1
    program = _built(replace(made, source=text), core, tmp_path)
    done, _ = _played(core, program, b"\1" + _given(made, feeds_of(graph, 1, 2), 0))
    assert done.returncode == _PLAYERS[core].fault


def _must_answer(graph: Graph, made: CSource, core: str, folder: Path) -> None:
    """Tensors against what is guarded behind them, then before them."""
    program, feeds = _built(made, core, folder), feeds_of(graph, 1, 4)
    expected = run(graph, feeds)
    for vector in range(4):
        done, told = _played(core, program, bytes([vector % 2]) + _given(made, feeds, vector))
        assert done.returncode == 0, done.stderr.decode()
        outputs = [(t.output.node, t.dtype) for t in made.tensors if t.output]
        assert told == b"".join(expected[node][vector].astype(dtype).tobytes() for node, dtype in outputs)


def _given(made: CSource, feeds: Mapping[str, Integers], vector: int) -> bytes:
    return b"".join(feeds[t.name][vector].astype(t.dtype).tobytes() for t in made.tensors if not t.output)


def _played(core: str, program: Path, given: bytes) -> tuple[subprocess.CompletedProcess[bytes], bytes]:
    """How it ended, and what it told."""
    folder = program.parent
    (folder / "given").write_bytes(given)
    command = [*_PLAYERS[core].words, program.name]
    with (folder / "given").open("rb") as taken, (folder / "told").open("wb") as told:
        done = subprocess.run(command, cwd=folder, stdin=taken, stdout=told, stderr=subprocess.PIPE, check=False)
    return done, (folder / "told").read_bytes()


def _built(made: CSource, core: str, folder: Path) -> Path:
    prefix, flags, player = CORES[core].prefix, CORES[core].flags, _PLAYERS[core]
    compiler = [f"{prefix}gcc", *flags, "-O2", "-ffreestanding", "-fno-tree-loop-distribute-patterns"]
    compiler += ["-fdata-sections", f"-I{_SHARED}", "-I.", f"-DPAGE={player.page}"]

    def called(*words: str) -> str:
        return subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    write_sources(made, folder)
    called(*compiler, *_TRAPPED, "-c", "model.c")
    constants = list(_constants(called(f"{prefix}objdump", "-h", "-w", "model.o")))
    (folder / "guarded.h").write_text(_settings(made, len(constants), player.most))
    (folder / "link.ld").write_text(_script(player, constants))
    sources = [str(_HERE / "guarded.c"), str(_SHARED / "memory.c")]
    called(*compiler, "-nostdlib", "-static", "-T", "link.ld", *sources, "model.o", "-lgcc", "-o", "program")
    return folder / "program"


def _constants(told: str) -> Iterator[tuple[str, int, int]]:
    """Sections of constants: name, bytes, alignment."""
    for line in told.splitlines():
        words = line.split()
        if len(words) > 6 and words[1].startswith((".rodata.", ".srodata.")):
            yield words[1], int(words[2], 16), 2 ** int(words[6].removeprefix("2**"))


def _script(player: _Player, constants: list[tuple[str, int, int]]) -> str:
    """Each constant ends where a page does, or as near as its alignment lets it; pages between them are empty."""
    page, lines = f". = ALIGN({player.page});", []
    for number, (name, size, alignment) in enumerate(constants):
        gap = -size % player.page // alignment * alignment
        placed = f". += {gap}; *({name}) {page} guard{number}_end = .;"
        lines.append(f". += {player.page}; guard{number} = .; {placed}")
    guarded = "\n".join(lines)
    ram = page if player.ram is None else f". = {player.ram:#x};"
    return f"""\
ENTRY(_start)
SECTIONS {{
. = {player.start:#x}; code_start = .;
.text : {{ *(.vectors) *(.text*) *(EXCLUDE_FILE(*model.o) .rodata*) {page} code_end = .; }}
.constants : {{
{guarded}
. += {player.page}; }}
{ram} ram_start = .;
.data : {{ *(.data* .sdata*) }}
.bss : {{ *(.bss* .sbss*) {page} ram_end = .; }}
.spaces (NOLOAD) : {{ *(.spaces*) }}
}}
"""


def _settings(made: CSource, constants: int, most: int) -> str:
    """What `guarded.c` is to do for this network."""
    sizes = {t.c_name: f"{t.macro} * (long)sizeof({c_type(t.dtype)})" for t in made.tensors}
    limits = [f"guard{number}" for number in range(constants)]
    pieces = [(name, name) for name in limits]
    if len(pieces) + len(made.tensors) > most:
        pieces = [(limits[0], limits[-1])]
    words = {
        "LIMIT_CONSTANTS": [f"limited({first}, {last}_end);" for first, last in pieces],
        "TENSORS": [f"MADE({name}, {size});" for name, size in sizes.items()],
        "INPUTS": [f"moved(READ, {t.c_name}, {sizes[t.c_name]});" for t in made.tensors if not t.output],
        "OUTPUTS": [f"moved(WRITE, {t.c_name}, {sizes[t.c_name]});" for t in made.tensors if t.output],
        "CALL": [f"model_run({', '.join(f'{t.c_name}, {t.macro}' for t in made.tensors)}, work, MODEL_WORK_BYTES)"],
    }
    symbols = "".join(f"extern unsigned char {name}[], {name}_end[];\n" for name in limits)
    return f'#include "model.h"\n{symbols}' + "".join(f"#define {w} {' '.join(some)}\n" for w, some in words.items())
