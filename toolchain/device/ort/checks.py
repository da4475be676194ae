"""Whether this device is the one that a package was built for, before anything of it runs."""

import re
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from toolchain.errors import ConfigError, ToolError

from .machine import numbers

CPU = "CPUExecutionProvider"

# manylinux names older than PEP 600, by the glibc that they stand for.
_OLD_NAMES = {"manylinux2014": (2, 17), "manylinux2010": (2, 12)}


def must_be_the_device(device: Mapping[str, Any], found: Mapping[str, Any], wheels: Sequence[Path]) -> None:
    """Refuse another processor, or a Python that the package cannot run in.

    Args:
        device: what the package was built for.
        found: what `probe.py` says.
        wheels: those that are to be installed.

    Raises:
        ConfigError: the device is another one, or too old.
    """
    wanted = f"{device['title']} ({device['board']})"
    if found["machine"] != device["machine"]:
        raise ConfigError(
            f"machine: {found['machine']}: the package is for {device['machine']}, {wanted}; build with BOARD=<yours>"
        )
    python, pinned = numbers(found["python"])[:2], numbers(device["python"])
    if python < pinned:
        raise ConfigError(
            f"Python {found['python']}: too old, {wanted} has {device['python']}; install {device['image']}"
        )
    if wheels and python != pinned:
        raise ConfigError(
            f"Python {found['python']}: the wheels in this package are for {device['python']}; name one by "
            f"--python python{device['python']}, or build without WHEELS=1 and install ONNX Runtime yourself"
        )
    for wheel in wheels:
        _must_have_glibc(wheel.name, found.get("glibc") or "")


def must_be_the_runtime(device: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Refuse another ONNX Runtime than the one that the graphs were proved with.

    Raises:
        ToolError: another version.
    """
    if numbers(found["onnxruntime"])[:3] != numbers(device["onnxruntime"]):
        names = ", ".join(f"{_name(w['file'])}=={_version(w['file'])}" for w in device["wheels"])
        raise ToolError(
            f"ONNX Runtime {found['onnxruntime']}: the graphs were proved with {device['onnxruntime']}; install "
            f"{names}, use a package built with WHEELS=1, or say --other-runtime to try this one"
        )


def choose_providers(
    wanted: Sequence[str], available: Sequence[str], fallback: bool
) -> Tuple[List[str], Optional[str]]:
    """The providers to use, in order, and the first one that is absent.

    The CPU always stands last: every ONNX Runtime has it, and it takes what the others do not.

    Raises:
        ToolError: the first choice is absent and no other was asked for.
    """
    chosen = [name for name in wanted if name in available]
    absent = [name for name in wanted if name not in available]
    if absent and not fallback:
        raise ToolError(
            f"provider {absent[0]}: absent from this ONNX Runtime (it has {', '.join(available)}); install the one "
            f"that README.md names, or say --fallback to use {chosen[0] if chosen else CPU}"
        )
    return chosen or [CPU], absent[0] if absent else None


def find_library(folder: Path) -> Optional[Path]:
    """The library that the C runner loads, in the folder of the Python package; None before ONNX Runtime 1.19."""
    return next(iter(sorted((folder / "capi").glob("libonnxruntime.so*"))), None)


def _must_have_glibc(wheel: str, found: str) -> None:
    needed = _glibc_of(wheel)
    if needed and found and numbers(found)[:2] < needed:
        raise ConfigError(f"glibc {found}: too old for {wheel}, which needs {needed[0]}.{needed[1]}; update the system")


def _glibc_of(wheel: str) -> Optional[Tuple[int, int]]:
    """The oldest glibc that one of the wheel's platforms stands for; None where it names none."""
    found = [(int(major), int(minor)) for major, minor in re.findall(r"manylinux_(\d+)_(\d+)_", wheel)]
    found += [glibc for name, glibc in _OLD_NAMES.items() if name in wheel]
    return min(found) if found else None


def _name(wheel: str) -> str:
    return wheel.split("-")[0].replace("_", "-")


def _version(wheel: str) -> str:
    return wheel.split("-")[1]
