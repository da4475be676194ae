"""One measurement with its files: raw samples as they come, then the result."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .analyse import RAW, analyse
from .clock import Clock
from .experiment import AgentProgress, Experiment
from .plan import Settings
from .rawlog import RawLog, read_lines
from .recording import Header, recording_of
from .result import Result
from .source import Run, Source, read_text, run_command
from .wire import plain
from .workload import Workload

RESULT = "result.json"


@dataclass(frozen=True)
class Machine:
    """Where the agent runs.

    Attributes:
        machine: its name, or what its processor is.
        kernel, python: their versions.
        emulated: whether an emulator runs this process.
    """

    machine: str
    architecture: str
    kernel: str
    python: str
    emulated: bool


def measure(
    workload: Workload,
    sources: Sequence[Source],
    settings: Settings,
    clock: Clock,
    folder: Path,
    header: Header,
    root: Path = Path("/"),
    run: Run = run_command,
    progress: AgentProgress = lambda text: None,
    log: RawLog | None = None,
) -> Result:
    """Measure into `raw.jsonl` and `result.json` of a folder; returns the result, also where the disk took neither.

    Raises:
        OSError: the folder cannot be written at all, or holds a measurement already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if log is None and (folder / RAW).exists():
        raise FileExistsError(f"{folder}: holds a measurement already; name another folder")
    raw = log or RawLog(folder / RAW)
    whole = replace(header, provenance={**vars(machine(root)), **header.provenance})
    recording = Experiment(workload, sources, settings, clock, raw, whole, root, run, progress).run()
    raw.close()
    result = analyse(recording, raw.pending)
    write_result(folder / RESULT, result)
    return result


def again(raw: Path) -> Result:
    """The result of a raw file, such as a killed agent leaves behind.

    Raises:
        ValueError: it is no raw file.
        OSError: it cannot be read.
    """
    return analyse(recording_of(read_lines(raw)))


def write_result(path: Path, result: Result) -> bool:
    """Write the result, or leave what was there; whether it worked."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(result, indent=1, default=plain) + "\n")
        os.replace(part, path)
    except OSError:
        return False
    return True


def machine(root: Path) -> Machine:
    """What this process sees of its machine."""
    name = (read_text(root / "proc/device-tree/model") or "").strip() or None
    system = os.uname()
    emulated = _is_emulated(system.machine)
    return Machine(name or system.machine, system.machine, system.release, platform.python_version(), emulated)


def _is_emulated(architecture: str) -> bool:
    """Whether an emulator runs this process: the kernel's own word on its processor, since Linux 6.1, differs."""
    kernel = read_text(Path("/proc/sys/kernel/arch"))
    return kernel is not None and kernel != architecture
