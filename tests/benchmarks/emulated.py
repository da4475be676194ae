"""Instructions of an inference under qemu's user mode, which logs each block of instructions that it runs.

What some inferences take more than one is what they take without the start. Instructions are no time. LiteRT comes
with a Python around it: of its program only the code of its library, and of C's, is logged.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from toolchain.graph.graph import Graph
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import ROWS, write_sources
from toolchain.kernels.generate import c_source

LITERT = f"ai-edge-litert=={version('ai-edge-litert')}"

_COUNTED = ("libpywrap_litert_common", "libc.so", "libm.so")
"""Libraries that an inference by LiteRT runs."""


def build_counter(folder: Path) -> Path:
    """What counts the instructions of a log."""
    counter = folder / "count"
    subprocess.run(["gcc", "-O2", "-o", counter, Path(__file__).with_name("count_instructions.c")], check=True)
    return counter


def of_an_inference(
    counter: Path,
    player: Sequence[str],
    programs: Mapping[int, Sequence[str]],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Of two programs, by how many inferences each makes."""
    counts = []
    for words in programs.values():
        fifo = counter.with_name("log")
        fifo.unlink(missing_ok=True)
        os.mkfifo(fifo)
        with subprocess.Popen(f"{counter} < {fifo}", shell=True, stdout=subprocess.PIPE, text=True) as reader:
            log = ["-d", "in_asm,exec,nochain", "-D", str(fifo)]
            own = environment or {"LANG": "C.UTF-8"}
            subprocess.run([*player, *log, *words], check=True, stdout=subprocess.DEVNULL, env=own)
            assert reader.stdout
            counts.append(int(reader.stdout.read()))
    (one, more), (few, many) = programs, counts
    return (many - few) // (more - one)


def of_our_c(counter: Path, player: Sequence[str], graph: Graph, compiler: str, level: str) -> int:
    """Of the C of a network, for a level of the compiler's."""
    made, folder = c_source(graph, ROWS), counter.parent
    tensors = "".join(f"static {c_type(t.dtype)} {t.c_name}[{t.macro}];\n" for t in made.tensors)
    given = ", ".join(f"{t.c_name}, {t.macro}" for t in made.tensors)
    write_sources(made, folder)
    (folder / "main.c").write_text(
        f'#include "model.h"\n{tensors}static int64_t work[MODEL_WORK_BYTES / 8 + 1];\n'
        "int main(int words, char **word)\n{\n    (void)word;\n"
        f"    while (--words)\n        if (model_run({given}, work, sizeof work))\n            return 1;\n"
        "    return 0;\n}\n"
    )
    flags = ["-O3", "-std=c99", f"-march={level}", "-static"]
    subprocess.run([compiler, *flags, "-o", "ours", "main.c", "model.c"], cwd=folder, check=True)
    return of_an_inference(counter, player, {n: [str(folder / "ours"), *["again"] * n] for n in (1, 3)})


def of_litert(counter: Path, player: Sequence[str], python: Path, network: Path, environment: Mapping[str, str]) -> int:
    """Of LiteRT's interpreter, as its Python package has it, on one thread."""
    program = [str(python), str(Path(__file__).with_name("litert_invoke.py")), str(network)]
    environment = {**environment, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    told = subprocess.run([*player, *program, "1", "maps"], check=True, stdout=subprocess.PIPE, env=environment)
    counted = ["-dfilter", ",".join(_places(told.stdout.decode()))]
    # Ten inferences make small in what starts of Python differ.
    return of_an_inference(counter, [*player, *counted], {n: [*program, str(n)] for n in (1, 11)}, environment)


def _places(maps: str) -> list[str]:
    """Of what is counted, as qemu takes them."""
    found: dict[str, list[str]] = {}
    for place, *_, path in filter(None, map(str.split, maps.splitlines())):
        if Path(path).name.startswith(_COUNTED):
            found.setdefault(path, []).extend(place.split("-"))
    return [f"0x{places[0]}..0x{places[-1]}" for places in found.values()]


def tell(name: str, what: str, told: Mapping[str, int]) -> None:
    """Print counts beside ours, which come first."""
    ours = next(iter(told.values()))
    print(f"{name}, {what}, emulated: {', '.join(f'{k} {v:,} ({v / ours:.2f})' for k, v in told.items())}")
