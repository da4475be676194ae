"""An aarch64 system for the emulator: Debian's packages and a board's wheels, made once and cached.

qemu runs real aarch64 programs in user mode. What they read decides: ONNX Runtime asks /proc/cpuinfo and /sys for
the processor at its import, and fails where these are the host's. docs/onnxruntime.md has the facts.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain.errors import ToolError
from toolchain.files import sha256
from toolchain.progress import Progress
from toolchain.runtime.wheels import unpack_wheels

SUITE, PYTHON = "bookworm", "3.11"
_PACKAGES = ("python3-minimal", "python3.11", "libstdc++6", "libgomp1")
# Newest first: a wheel may be tagged with any of them.
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")

CPUS = {"cortex-a53": 0xD03, "cortex-a57": 0xD07, "cortex-a72": 0xD08, "cortex-a76": 0xD0B}
"""Processors that qemu 7.2 can play, with the part number of each (MIDR_EL1, Arm's technical reference manuals)."""

# What programs need of a system. No other folder may be there: qemu takes a path that exists in its root from there, so
# that a repository in /home would seem to lie in the emulated one.
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "etc")


@dataclass(frozen=True)
class Pins:
    """Versions in the system, as PyPI has them for Debian's Python, whatever Python the board itself has."""

    onnxruntime: str
    numpy: str

    @property
    def requirements(self) -> list[str]:
        """As pip takes them."""
        return [f"{name}=={version}" for name, version in asdict(self).items()]


@dataclass(frozen=True)
class Emulator:
    """Runs aarch64 programs on this machine.

    Attributes:
        root: what the programs take for the root of their system, as far as they read it.
        site: the Python packages.
        cpu: the processor that is played.
    """

    root: Path
    site: Path
    cpu: str

    def command(self, program: Path) -> list[str]:
        """How to run an aarch64 program; its options follow."""
        return ["qemu-aarch64-static", "-cpu", self.cpu, "-L", str(self.root), str(program)]

    @property
    def python(self) -> list[str]:
        """How to run the system's Python; a script and its options follow."""
        return self.command(self.root / "usr" / "bin" / f"python{PYTHON}")

    @property
    def environment(self) -> dict[str, str]:
        """Of the emulated process: nothing of this one's Python gets in."""
        return {"PATH": os.defpath + ":/usr/sbin", "LANG": "C.UTF-8", "PYTHONPATH": str(self.site)}


def check_tools() -> None:
    """See that the emulator, the bootstrapper and the cross compiler are there.

    Raises:
        ToolError: naming all missing Debian packages at once.
    """
    there = {
        "qemu-user-static": shutil.which("qemu-aarch64-static"),
        "mmdebstrap": shutil.which("mmdebstrap"),
        "gcc-aarch64-linux-gnu": shutil.which("aarch64-linux-gnu-gcc"),
        "libc6-dev-arm64-cross": Path("/usr/aarch64-linux-gnu/include/stdio.h").is_file(),
    }
    missing = " ".join(name for name, found in there.items() if not found)
    if missing:
        raise ToolError(f"missing Debian packages: {missing}; install them with: make system-deps")


def prepare_emulator(
    cache: Path, pins: Pins, cpu: str = "cortex-a72", wheels: Sequence[Path] = (), progress: Progress | None = None
) -> Emulator:
    """An aarch64 system with this processor; made on first use, then taken from the cache.

    Args:
        cache: folder that outlives builds; 190 MB for a system.
        pins: what to fetch where no wheels are given.
        cpu: one of `CPUS`.
        wheels: the board's own wheels, where they are for Debian's Python: then what is proved is what is packed.
        progress: is told of what takes long.

    Raises:
        ToolError: a Debian package is missing, the network cannot be reached, or the processor is unknown.
    """
    check_tools()
    if cpu not in CPUS:
        raise ToolError(f"no emulated processor '{cpu}'; known are {', '.join(CPUS)}")
    cache = cache.resolve()
    debian = cache / f"debian-{_key([SUITE, *_PACKAGES])}"
    packages = cache / f"site-{_key([PYTHON, *(map(sha256, wheels) if wheels else pins.requirements)])}"
    root = cache / f"system-{cpu}-{debian.name}-{max(4, os.cpu_count() or 1)}"
    steps = {debian: _bootstrap, packages: lambda folder: _install(folder, pins, wheels)}
    if not all(folder.is_dir() for folder in steps) and progress is not None:
        progress("making the aarch64 system for the emulator (half a minute, once)")
    for folder, make in {**steps, root: lambda folder: _disguise(folder, debian, cpu)}.items():
        _in_one_step(folder, make)
    return Emulator(root, packages, cpu)


def _key(words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def _in_one_step(target: Path, make: Callable[[Path], None]) -> None:
    """Make a folder beside its place and move it there, so that a killed or a second process leaves no half of one."""
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as name:
        folder = Path(name) / target.name
        folder.mkdir()
        make(folder)
        try:
            os.rename(folder, target)
        except OSError as error:
            if not target.is_dir():
                raise ToolError(f"{target}: cannot be made: {error.strerror}") from error


def _bootstrap(folder: Path) -> None:
    # Unpacking needs no root; as root, the plain mode is the one that works without further tools.
    mode = "root" if os.geteuid() == 0 else "chrootless"
    words = [f"--mode={mode}", "--variant=extract", "--architectures=arm64", "--quiet"]
    words += [f"--include={','.join(_PACKAGES)}", SUITE, str(folder)]
    _fetch(["mmdebstrap", *words], f"Debian {SUITE} for arm64")


def _install(folder: Path, pins: Pins, wheels: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        unpack_wheels(wheels or download_wheels(pins.requirements, Path(name)), folder)


def download_wheels(requirements: Sequence[str], folder: Path) -> list[Path]:
    """PyPI's wheels of these alone, for Debian's Python on aarch64, in `folder`.

    Raises:
        ToolError: there is no such wheel, or no network.
    """
    platforms = [word for name in _PLATFORMS for word in ("--platform", f"{name}_aarch64")]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    command += ["--abi", "cp" + PYTHON.replace(".", ""), *platforms, "--dest", str(folder), *requirements]
    _fetch(command, f"wheels of {' and '.join(requirements)} for Python {PYTHON} on aarch64")
    return sorted(folder.glob("*.whl"))


def _fetch(command: Sequence[str], what: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        lines = [line.strip() for line in (result.stderr + result.stdout).strip().splitlines()]
        reasons = [line for line in lines if line.lower().startswith(("error", "e:"))]
        reason = (reasons[-1:] or lines or ["no message"])[0]
        absent = "No matching distribution" in reason
        mend = "there is no such wheel" if absent else "the network is needed once, then the cache serves"
        raise ToolError(f"{what} cannot be fetched: {reason}; {mend}")


def _disguise(root: Path, debian: Path, cpu: str) -> None:
    """A root of links to the system, with a processor's own /proc and /sys.

    Both must tell of the same number of cores, and of no fewer than the host has.
    """
    for name in _SYSTEM:
        if (debian / name).exists():
            (root / name).symlink_to(Path("..") / debian.name / name)
    cores = max(4, os.cpu_count() or 1)
    lines = "Features\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
    core = f"{lines}CPU variant\t: 0x0\nCPU part\t: {CPUS[cpu]:#x}\nCPU revision\t: 3\n\n"
    (root / "proc").mkdir()
    (root / "proc" / "cpuinfo").write_text("".join(f"processor\t: {index}\n{core}" for index in range(cores)))
    system = root / "sys" / "devices" / "system" / "cpu"
    system.mkdir(parents=True)
    for name in ("possible", "present", "online"):
        (system / name).write_text(f"0-{cores - 1}\n")
