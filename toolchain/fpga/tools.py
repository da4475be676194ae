"""The external tools: where each comes from, its version, and how to run it with a log.

All but one are Python packages of this environment, so their versions are pinned; nothing on the
PATH can replace them, but for nextpnr, where ``PNR`` asks for it. nextpnr and the packers are
WebAssembly (YoWASP), compiled once into a cache of about 34 MB: ``$YOWASP_CACHE_DIR``, else
``~/.cache/YoWASP``, else (home not writable) ``<environment>/cache/YoWASP``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO

from toolchain.errors import BuildError, ConfigError, ToolError
from toolchain.files import unwritten
from toolchain.progress import Progress

_LEAST_FREE = 1 << 20
PNR = ("wasm", "native", "auto")
"""Values of ``PNR``: this environment's nextpnr (the default), the one on the PATH, or that one where it is there."""

_VERSION = re.compile(r"\(Version (?:nextpnr-)?([^)]+)\)")
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Tool:
    """One external tool.

    Attributes:
        name: what people call it.
        entry: what `launch.py` runs ("yosys" or "module:function"); empty: a program on the PATH.
        package: the package that brings it.
        phases: text of a log line to the phrase that `Progress` gets when it appears first.
        left: pattern of a log line whose first group tells how much the present phase has left to do, and what that is.
        replaceable: whether a native program of this name may take its place; see `PNR`.
    """

    name: str
    entry: str
    package: str
    phases: tuple[tuple[str, str], ...] = ()
    left: tuple[str, str] | None = None
    replaceable: bool = False

    def version(self) -> str:
        """Version of the installed tool; of a native one that takes its place after the word ``native``.

        Raises:
            ToolError: it is not installed.
            ConfigError: ``PNR`` has no such value.
        """
        if native := self.native():
            return f"native {_native_version(native)}"
        if not self.entry:
            return _system_version(self.name, self.package)
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError as error:
            raise ToolError(f"{self.name} is missing; get it with `make` (pip package {self.package})") from error

    def command(self) -> list[str]:
        """The first words of its command line."""
        self.version()
        if native := self.native():
            return [native]
        if not self.entry:
            return [self.name]
        return [sys.executable, "-P", str(_LAUNCHER), str(os.getpid()), self.entry]

    def native(self) -> str | None:
        """The path of the program that takes its place, where ``PNR`` asks for one.

        Raises:
            ToolError: there is none.
            ConfigError: ``PNR`` has no such value.
        """
        chosen = os.environ.get("PNR") or PNR[0]
        if chosen not in PNR:
            raise ConfigError(f"PNR: {chosen!r}: should be one of {', '.join(PNR)}")
        path = None if chosen == "wasm" or not self.replaceable else shutil.which(self.name)
        if path is None and self.replaceable and chosen == "native":
            raise ToolError(f"PNR=native: no {self.name} on the PATH; install one, or leave PNR out for the pinned one")
        return path


@cache
def _native_version(path: str) -> str:
    """What a native nextpnr says of itself.

    Raises:
        ToolError: it cannot be run, or says no version.
    """
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise ToolError(f"{path} cannot be run ({error}); mend it, or leave PNR out for the pinned one") from error
    found = _VERSION.search(answer.stdout + answer.stderr)
    if found is None:
        raise ToolError(f"{path} --version says no version of nextpnr; mend it, or leave PNR out for the pinned one")
    return found[1]


def _system_version(name: str, package: str) -> str:
    if shutil.which(name) is None:
        raise ToolError(f"{name} is missing; get it with `make system-deps` (Debian package {package})")
    query = shutil.which("dpkg-query")
    if query is None:
        return "unknown"
    command = [query, "--showformat", "${Version}", "--show", package]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


_NEXTPNR_PHASES = (
    ("Info: Packing", "packing"),
    ("Creating initial", "placing"),
    ("Routing..", "routing"),
)
"""What a log of nextpnr says when a phase begins."""

_NEXTPNR_LEFT = (r"^Info: +\d+ \|[^|]*\|[^|]*\| *(\d+)\| +[\d.]+ +[\d.]+\|", "connections left")
"""A row of what its router says every thousand connections."""


def nextpnr(name: str, package: str) -> Tool:
    """A nextpnr that comes as a YoWASP package, and may be replaced by a native one."""
    return replace(yowasp(name, package), phases=_NEXTPNR_PHASES, left=_NEXTPNR_LEFT, replaceable=True)


def yowasp(name: str, package: str) -> Tool:
    """A tool that comes as a YoWASP package.

    Args:
        name: the program.
        package: the Python package that brings it.
    """
    entry = f"{package.replace('-', '_')}:run_{name.replace('-', '_')}"
    return Tool(name, entry, package)


YOSYS = Tool(
    "yosys",
    "yosys",
    "pyosys",
    (
        ("Executing HIERARCHY", "elaborating"),
        ("Executing FLATTEN", "optimising"),
        ("Executing MEMORY_LIBMAP", "mapping memories and cells"),
        ("Executing ABC", "mapping to LUTs"),
    ),
)


def versions(tools: Sequence[Tool]) -> dict[str, str]:
    """Version of each tool by its name.

    Raises:
        ToolError: one is missing.
    """
    return {tool.name: tool.version() for tool in tools}


def execute(
    tool: Tool,
    arguments: Sequence[str],
    *,
    cwd: Path,
    log: Path,
    output: Path | None = None,
    progress: Progress | None = None,
    watch: Callable[[str], None] | None = None,
) -> int:
    """Run a tool to its end and give its exit status; everything it prints goes to `log`.

    Args:
        tool: what to run.
        arguments: what comes after its name.
        cwd: its working directory. YoWASP tools see only relative paths reliably (see `relative`).
        log: takes all that it prints.
        output: takes what it prints on standard output instead of the log, for filters.
        progress: hears of each phase once.
        watch: sees every line of the log; what it raises ends the tool.

    Raises:
        ToolError: it is missing or cannot start.
        BuildError: the log cannot be written.
    """
    command = [*tool.command(), *arguments]
    try:
        with log.open("w", buffering=1) as sink, _sink(output) as stdout:
            return _supervise(command, cwd, sink, stdout, _Phases(tool, progress, watch))
    except OSError as error:
        raise unwritten(Path(error.filename or log), error) from error


def run(
    tool: Tool,
    arguments: Sequence[str],
    *,
    cwd: Path,
    log: Path,
    output: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Run a tool that must succeed; see `execute`.

    Raises:
        ToolError: it is missing or failed; the message holds the log's last error lines.
    """
    status = execute(tool, arguments, cwd=cwd, log=log, output=output, progress=progress)
    if status != 0:
        raise failure(tool, status, log)


def failure(tool: Tool, status: int, log: Path) -> ToolError:
    """The error that says how a tool failed."""
    how = f"was killed by signal {-status}" if status < 0 else f"failed (exit {status})"
    return ToolError(f"{tool.name} {how}: {error_lines(log)}; the whole log is {log}")


def error_lines(log: Path, limit: int = 3) -> str:
    """The last lines of a log that name an error, else its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and "0 errors" not in line]
    return " | ".join(errors[-limit:] or lines[-1:]) or "it printed nothing"


def require_output(tool: Tool, path: Path, log: Path) -> Path:
    """`path`, which the tool must have written in full.

    Raises:
        ToolError: it is absent or empty.
        BuildError: the disk is full. Some of the tools do not notice and leave half a file.
    """
    if shutil.disk_usage(log.parent).free < _LEAST_FREE:
        path.unlink(missing_ok=True)
        raise BuildError(f"{log.parent}: no disk space left for {tool.name}; free some, then rerun")
    if not path.is_file() or path.stat().st_size == 0:
        raise ToolError(f"{tool.name} wrote no {path.name}; see {log}")
    return path


def relative(path: Path, start: Path) -> str:
    """`path` as a tool that runs in `start` should be told it.

    YoWASP tools cannot open absolute paths below /tmp, nor relative ones whose first folder is
    named like a folder of the root; a bare file name or one that starts with ".." is safe.
    """
    return os.path.relpath(path.resolve(), start.resolve())


class _Phases:
    """Turns log lines into phrases for a progress callback."""

    def __init__(self, tool: Tool, progress: Progress | None, watch: Callable[[str], None] | None) -> None:
        self._to_come = dict(tool.phases)
        self._tool, self._phase = tool, ""
        self._progress, self._watch = progress, watch

    def see(self, line: str) -> None:
        if self._watch is not None:
            self._watch(line)
        if self._progress is None:
            return
        for text in [text for text in self._to_come if text in line]:
            self._phase = f"{self._tool.name}: {self._to_come.pop(text)}"
            self._progress(self._phase)
        if self._tool.left and (found := re.search(self._tool.left[0], line)):
            self._progress(f"{self._phase}, {int(found[1]):,} {self._tool.left[1]}")


def _sink(path: Path | None) -> IO[str]:
    # /dev/null stands in where everything goes to the log.
    return (path or Path(os.devnull)).open("w")


def _supervise(command: list[str], cwd: Path, log: IO[str], output: IO[str], phases: _Phases) -> int:
    """Run a command, copy what it prints to the log, and end it if we are interrupted."""
    filtered = output.name != os.devnull
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=output if filtered else subprocess.PIPE,
        stderr=subprocess.PIPE if filtered else subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in (process.stderr if filtered else process.stdout) or ():
                log.write(line)
                phases.see(line)
            return process.wait()
        except BaseException:
            process.kill()
            raise


def _environment() -> dict[str, str]:
    """The tools' environment: one hash order in all runs, and a cache that can be written."""
    return {**os.environ, "PYTHONHASHSEED": "0", "YOWASP_CACHE_DIR": str(cache_directory())}


def cache_directory() -> Path:
    """Where YoWASP keeps its compiled tools."""
    chosen = os.environ.get("YOWASP_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "YoWASP" if _writable(base) else Path(sys.prefix) / "cache" / "YoWASP"


def _writable(folder: Path) -> bool:
    """Whether the folder, or its nearest ancestor that exists, can be written."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
