"""Is this machine ready to build? Each check says what it found and, where it failed, the mend."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from toolchain.console import typeable
from toolchain.errors import GateweaveError
from toolchain.fpga import all_families
from toolchain.fpga.tools import cache_directory
from toolchain.layout import INSTALLED, PINS, ROOT, build_root
from toolchain.microcontroller.cores import CORES
from toolchain.package.pins import installed, pinned, required
from toolchain.vivado.find import find_vivado

_PROGRAMS = {"g++": "g++", "make": "make", "perl": "perl"}
_OPTIONAL = {
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "qemu-aarch64-static": "qemu-user-static",
    "mmdebstrap": "mmdebstrap",
    **{program: package for core in CORES.values() for program, package in core.programs.items()},
    "git": "git",
    "openFPGALoader": "openfpgaloader",
}
_GIB = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One check. `ok` is None where something is absent that only some commands need."""

    check: str
    ok: bool | None
    found: str
    mend: str = ""


def examine() -> list[Finding]:
    """All checks, in the order in which a build would stumble."""
    return [_python(), *_programs(), *_packages(), *_tools(), _vivado(), _disk(), _yowasp_cache()]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    mend = "" if sys.version_info >= (3, 11) else "Gateweave needs Python 3.11 or newer"
    return Finding("python", not mend, version, mend)


def _programs() -> Iterator[Finding]:
    readers = [tool for backend in all_families().values() for tool in backend.read_back_tools if not tool.entry]
    optional = {tool.name: tool.package for tool in readers} | _OPTIONAL
    for program, package in (_PROGRAMS | optional).items():
        path = shutil.which(program)
        absent = None if program in optional else False
        mend = "" if path else typeable(f"make system-deps (Debian package {package})")
        yield Finding(program, True if path else absent, path or "missing", mend)


def _packages() -> Iterator[Finding]:
    """The packages that differ from their pins, or one finding that all agree."""
    pins = pinned(ROOT)
    if INSTALLED:  # Linters and what only tests need came with no wheel.
        pins = {name: pin for name, pin in pins.items() if name in required()}
    found = installed(pins)
    wrong = [name for name in pins if not _same(found[name], pins[name])]
    mend = f"pip install --constraint {ROOT / PINS[0]} gateweave" if INSTALLED else "make clean-env, then make"
    for name in wrong:
        yield Finding(f"package {name}", False, f"{found[name]}, pinned {pins[name]}", mend)
    if not wrong:
        yield Finding("packages", True, f"all {len(pins)} as pinned")


def _same(found: str | None, pin: str) -> bool:
    """Whether two versions are equal as versions: 1.17 is 1.17.0."""
    return found is not None and _without_zeros(found) == _without_zeros(pin)


def _without_zeros(version: str) -> str:
    return re.sub(r"(\.0)+$", "", version)


def _tools() -> Iterator[Finding]:
    """What each device family says of its tools."""
    for family, backend in all_families().items():
        try:
            versions = backend.tools()
        except GateweaveError as error:
            yield Finding(f"tools for {family}", False, "missing", str(error))
        else:
            found = ", ".join(f"{name} {version}" for name, version in versions.items())
            yield Finding(f"tools for {family}", True, found)


def _vivado() -> Finding:
    """Only AMD boards can do with it, and only for their last step."""
    try:
        vivado = find_vivado()
    except GateweaveError as error:
        return Finding("vivado", False, "cannot be used", str(error))
    if vivado is None:
        return Finding("vivado", None, "not on the PATH", "AMD boards end in a hand-off without it; see docs/amd.md")
    return Finding("vivado", True, f"{vivado.version} at {vivado.path}")


def _disk() -> Finding:
    root = build_root()
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    enough = free >= _GIB
    return Finding("disk", enough, f"{free / _GIB:.1f} GiB free", "" if enough else "free some space")


def _yowasp_cache() -> Finding:
    """YoWASP tools compile themselves on their first call, which takes a while."""
    cache = cache_directory()
    warm = cache.is_dir() and any(cache.iterdir())
    found = str(cache) if warm else "empty: the first place and route takes about 11 s longer"
    return Finding("yowasp cache", True, found)
