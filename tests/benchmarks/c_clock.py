"""How long a network's C takes of the processor, called from C: the least of several rounds."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import compile_c
from toolchain.kernels.text import Argument

ROUNDS, SECONDS = 7, 0.15
"""Of each measurement, and of a round."""


def clocked(tensors: Sequence[Argument], folder: Path, flags: Sequence[str], vectors: int = 1) -> float:
    """Microseconds of a call with so many vectors, all 0, which must lie within the inputs' types.

    Args:
        tensors: what the network takes and gives.
        folder: holds ``model.h`` and ``model.c``.
    """
    (folder / "clock.c").write_text(_program(tensors, vectors))
    compile_c(["-D_POSIX_C_SOURCE=199309L", *flags, "-o", "clock", "clock.c", "model.c"], folder)
    return float(subprocess.run([folder / "clock"], check=True, capture_output=True, text=True).stdout)


def _program(tensors: Sequence[Argument], vectors: int) -> str:
    places = "".join(f"static {c_type(t.dtype)} {t.c_name}[{vectors} * {t.macro}];\n" for t in tensors)
    given = ", ".join(f"{t.c_name}, {vectors} * {t.macro}" for t in tensors)
    call = f"model_run({given}, " if vectors == 1 else f"model_run_batch({given}, {vectors}, "
    return f"""\
#include "model.h"
#include <stdio.h>
#include <time.h>
{places}static int64_t work[MODEL_WORK_BYTES / 8 + 1];
static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}}
int main(void)
{{
    double least = 1e18;
    for (int round = 0; round < {ROUNDS}; round++) {{
        double start = now(), spent = 0;
        long calls = 0;
        for (long some = 1; spent < {SECONDS} * 1e6; some *= 2, spent = now() - start)
            for (long i = 0; i < some; i++, calls++)
                if ({call}work, sizeof(work)) != MODEL_OK)
                    return 1;
        double each = spent / (double)calls;
        least = each < least ? each : least;
    }}
    printf("%f\\n", least);
    return 0;
}}
"""
