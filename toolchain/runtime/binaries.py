"""Compiles the C runner for this machine and for aarch64 boards, and finds the library it loads."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from toolchain.device.bundle import package_folder
from toolchain.errors import ToolError

SOURCES = package_folder("toolchain.device.runner")
MACHINES = ("x86_64", "aarch64")

# One set of flags everywhere; without a build id and symbols, equal sources give equal bytes.
FLAGS = ("-O2", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-s", "-Wl,--build-id=none")
# Before glibc 2.34 these were libraries of their own, so boards that compile for themselves need them named.
LIBRARIES = ("-ldl", "-lpthread")

_PACKAGES = {
    "gcc": "gcc libc6-dev",
    "x86_64-linux-gnu-gcc": "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
}


def runner_files() -> list[Path]:
    """All of the runner's files, C and Python: what a package carries beside the binaries."""
    return sorted(path for path in SOURCES.iterdir() if path.suffix in {".c", ".h", ".py"} and path.stem != "__init__")


def build_runner(machine: str, out: Path) -> Path:
    """Compile the C runner for ``"x86_64"`` or ``"aarch64"`` into the file `out`, and return it.

    Debian 12's compilers link against glibc 2.36; the binary needs 2.34 or newer on the device.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    if machine not in MACHINES:
        raise ToolError(f"no compiler for machine '{machine}'; the runner is built for {', '.join(MACHINES)}")
    compiler = "gcc" if machine == platform.machine() else f"{machine}-linux-gnu-gcc"
    if shutil.which(compiler) is None:
        raise ToolError(
            f"{compiler} is missing; install it with `make system-deps` (apt-get install {_PACKAGES[compiler]})"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in SOURCES.glob("*.c"))
    _compile([compiler, *FLAGS, "-o", str(out.resolve()), *names, *LIBRARIES])
    return out


@cache
def runner_in(work: Path, machine: str) -> Path:
    """The C runner in a working folder, compiled once for all that a stage asks there; see `build_runner`."""
    return build_runner(machine, work / f"runner-{machine}")


def _compile(command: Sequence[str]) -> None:
    """Run in the sources' folder with bare names, so that no path gets into the binary."""
    result = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or ["no message"]
        faults = [line for line in lines if "error" in line] or lines[-1:]
        raise ToolError(f"{command[0]} failed on the runner: {faults[0].strip()}")


def find_library(site: Path | None = None) -> Path:
    """``libonnxruntime.so.*`` of this Python environment, or of the folder of packages `site`.

    Raises:
        ToolError: there is none; wheels carry it from ONNX Runtime 1.19 on.
    """
    if site is None:
        spec = importlib.util.find_spec("onnxruntime")
        site = Path(spec.origin).parent.parent if spec is not None and spec.origin is not None else Path()
    found = sorted((site / "onnxruntime" / "capi").glob("libonnxruntime.so.*"))
    if not found:
        raise ToolError("no libonnxruntime.so in the onnxruntime package; wheels carry it from ONNX Runtime 1.19 on")
    return found[0]
