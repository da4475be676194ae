"""The library of a network's operator for ONNX Runtime: compiled once for several processors of a machine's kind."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

from toolchain.device.bundle import package_folder
from toolchain.errors import ToolError
from toolchain.files import write_atomic
from toolchain.kernels.compiled import write_sources
from toolchain.kernels.generate import CSource
from toolchain.kernels.operator import DOMAIN, End, operator_name, operator_source, rows_source

_API = package_folder("toolchain.device.runner") / "ort_api.h"


@dataclass(frozen=True)
class Build:
    """How ``model.c`` is compiled for some processors.

    Attributes:
        condition: in C, whether this processor is one of them.
        where: a word that ``model.c`` must hold, else this build is none of its own.
    """

    flags: tuple[str, ...]
    condition: str
    where: str = ""


def _has(*features: str) -> str:
    return " && ".join(f'__builtin_cpu_supports("{feature}")' for feature in features)


_V3 = ("avx2", "bmi", "bmi2", "fma")
_V4 = (*_V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
_VNNI = ("-O3", "-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512")
BUILDS = {
    "x86_64": (
        Build((*_VNNI, "-mavx512vpopcntdq"), _has(*_V4, "avx512vnni", "avx512vpopcntdq"), "MODEL_BITS"),
        Build(_VNNI, _has(*_V4, "avx512vnni")),
        Build(("-O3", "-march=x86-64-v3"), _has(*_V3)),
        Build(("-O2", "-march=x86-64"), "1"),
    ),
    "aarch64": (
        # HWCAP_ASIMDDP of Linux.
        Build(("-O3", "-march=armv8.2-a+dotprod"), "getauxval(AT_HWCAP) >> 20 & 1"),
        Build(("-O3", "-march=armv8-a"), "1"),
    ),
}
"""By machine, the fastest first."""

_LINK = ("-shared", "-s", "-Wl,--build-id=none")
_COMPILE = ("-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-fno-trapping-math")
# C of GNU's dialect: threads' own memory has no name in C99.
_GNU = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")


def write_operator(made: CSource, ends: Sequence[End], machine: str, out: Path) -> str:
    """Compile the library into the file `out`; returns the operator's name.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    builds = [build for build in BUILDS[machine] if build.where in made.source]
    name = operator_name(made, ends)
    compiler = "gcc" if machine == platform.machine() else f"{machine}-linux-gnu-gcc"
    if shutil.which(compiler) is None:
        raise ToolError(f"{compiler} is missing; install it with `make system-deps`")
    with TemporaryDirectory(prefix="gateweave-") as temporary:
        folder = Path(temporary)
        write_sources(made, folder)
        write_atomic(folder / "operator.c", operator_source(ends, name, [b.condition for b in builds], made.stops))
        write_atomic(folder / "rows.c", rows_source(ends))
        shutil.copyfile(_API, folder / _API.name)
        for number, build in enumerate(builds):
            own = [f"-D{word}={word}_{number}" for word in ("model_run", "model_run_batch")]
            own += [f"-Drows_of_build=rows_{number}", "-DMODEL_THRESHOLDS_ELSEWHERE"]
            _run([compiler, *_GNU, *build.flags, *_COMPILE, *own, "-c", "-o", f"{number}.o", "rows.c"], folder)
        parts = [f"{number}.o" for number in range(len(builds))]
        _run([compiler, "-O2", *_GNU, *_COMPILE, *_LINK, "-o", "operator.so", "operator.c", *parts], folder)
        write_atomic(out, (folder / "operator.so").read_bytes())
    return name


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        faults = [line for line in done.stderr.splitlines() if "error" in line] or ["no message"]
        raise ToolError(f"{command[0]} failed on a network's operator: {faults[0].strip()}")


def library_beside(model: Path, machine: str) -> Path:
    """Where the library of a graph's operator lies: beside the graph, under its name and the machine's."""
    return model.with_name(f"{model.stem}-{machine}.so")


# Libraries of operators that graphs in this process may name, by the operator's name.
_KNOWN: dict[str, Path] = {}


def make_known(name: str, library: Path) -> None:
    """Let sessions of graphs with this operator load the library."""
    _KNOWN[name] = library


def operator_of(model: onnx.ModelProto) -> str | None:
    """Name of the network's operator in a graph; None where it has none."""
    return next((node.op_type for node in model.graph.node if node.domain == DOMAIN), None)


def library_of(model: onnx.ModelProto) -> Path | None:
    """The library that a graph needs; None where it needs none, or nobody made it known."""
    name = operator_of(model)
    return None if name is None else _KNOWN.get(name)
