"""One measurement with its files: raw samples as they come, then the result."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .analyse import analyse
from .clock import Clock
from .experiment import AgentProgress, Experiment
from .plan import Settings
from .rawlog import RawLog, read_lines
from .recording import Recording, recording_of
from .source import Run, Source, read_text, run_command
from .workload import Workload

RAW, RESULT = "raw.jsonl", "result.json"


def measure(
    workload: Workload,
    sources: Sequence[Source],
    settings: Settings,
    clock: Clock,
    folder: Path,
    header: dict[str, Any],
    root: Path = Path("/"),
    run: Run = run_command,
    progress: AgentProgress = lambda text: None,
    log: RawLog | None = None,
) -> dict[str, Any]:
    """Measure into `raw.jsonl` and `result.json` of a folder; returns the result, also where the disk took neither.

    Raises:
        OSError: the folder cannot be written at all, or holds a measurement already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if log is None and (folder / RAW).exists():
        raise FileExistsError(f"{folder}: holds a measurement already; name another folder")
    raw = log or RawLog(folder / RAW)
    whole = {**header, "provenance": {**machine(root), **header.get("provenance", {})}}
    recording = Experiment(workload, sources, settings, clock, raw, whole, root, run, progress).run()
    raw.close()
    result = finish(recording, raw.pending)
    write_result(folder / RESULT, result)
    return result


def finish(recording: Recording, unsaved: bytes = b"") -> dict[str, Any]:
    """The result of a recording, with the lines that the disk has not taken."""
    result = analyse(recording)
    result["reasons"] = [*result.pop("notes", []), *result["reasons"]]
    samples = sum(len(series.times) for series in recording.series)
    result["raw"] = {"file": RAW, "samples": samples, "unsaved_lines": unsaved.decode().splitlines()}
    return result


def again(raw: Path) -> dict[str, Any]:
    """The result of a raw file, such as a killed agent leaves behind.

    Raises:
        ValueError: it is no raw file.
        OSError: it cannot be read.
    """
    return finish(recording_of(read_lines(raw)))


def write_result(path: Path, result: dict[str, Any]) -> bool:
    """Write the result, or leave what was there; whether it worked."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(result, indent=1) + "\n")
        os.replace(part, path)
    except OSError:
        return False
    return True


def machine(root: Path) -> dict[str, Any]:
    """Where the agent runs."""
    name = (read_text(root / "proc/device-tree/model") or "").strip() or None
    system = os.uname()
    return {
        "machine": name or system.machine,
        "architecture": system.machine,
        "kernel": system.release,
        "python": platform.python_version(),
        "emulated": _is_emulated(system.machine),
    }


def _is_emulated(architecture: str) -> bool:
    """Whether an emulator runs this process: the kernel's own word on its processor, since Linux 6.1, differs."""
    kernel = read_text(Path("/proc/sys/kernel/arch"))
    return kernel is not None and kernel != architecture
