"""Compiles Verilated models with the headers of Verilator's library parsed once.

``python precompiled.py FOLDER NEXT ... COMPILER ... -c -o OBJECT SOURCE`` calls ``NEXT ... COMPILER ...``, where NEXT
is what `hls.verilate.compile_once` gives (in this process, since it is Python), with a precompiled header of FOLDER
before the source; it is made where it is not there. Parsing takes half of what a small model costs. This is for tests,
which build very many of them: a header takes 80 MB, and more time than it would save the two models of a build.
Standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# What harnesses include, too.
_HEADERS = ("cstdint", "cstdio", "cstdlib", "fstream", "iostream", "random", "string", "vector")
_TEXT = "#include <verilated.h>\n" + "".join(f"#include <{name}>\n" for name in _HEADERS)


def main(folder: str, *command: str) -> int:
    """Run the compiler; returns its exit status."""
    # The words of `compile_once`: Python, two options, the script and its folder.
    (_, _, _, script, cache), compiler = command[:5], command[5:]
    if _is_small(compiler):
        compiler = (*compiler[:-1], "-include", _header(Path(folder), compiler), compiler[-1])
    status: int = runpy.run_path(script)["main"](cache, *compiler)
    return status


def _is_small(compiler: Sequence[str]) -> bool:
    """Whether it compiles a source of a model that is not split in many, which would have a header of its own."""
    return {"-c", "-include"} & {*compiler} == {"-c"} and not Path(compiler[-1]).name.startswith("verilated")


def _header(folder: Path, compiler: Sequence[str]) -> str:
    """The header, made where it is not there; others may need it at the same time."""
    flags = [word for word in compiler[: compiler.index("-c")] if word not in ("-MMD", "-O0")]
    place = folder / hashlib.sha256("\0".join(flags).encode()).hexdigest()[:16] / "model.h"
    made = place.with_suffix(".h.gch")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            place.write_text(f"// {shlex.join(flags)}\n{_TEXT}")
            half = place.with_suffix(".half")
            subprocess.run([*flags, "-x", "c++-header", str(place), "-o", str(half)], check=True)
            os.replace(half, made)
    return str(place)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
