"""Progress out of the logs of programs that FINN starts and waits for."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from toolchain.progress import Progress

_PERIOD_S = 2.0
_LOGS = ("vivado.log", "vitis_hls.log", "runme.log")
# The folders that FINN runs Vivado in, by the beginnings of their names.
_FOLDERS = {"vivado_stitch_proj": "packaging a core", "vivado_zynq_proj": "block design"}
_STEP = re.compile(r"^(?:Command: (?P<command>\w+)|Phase (?P<phase>\d+) (?P<name>[A-Z][^|(]*?)\s*$)")


@contextlib.contextmanager
def watching(folder: Path, progress: Progress, period_s: float = _PERIOD_S) -> Iterator[None]:
    """While the `with` block runs, say what the newest of Vivado's logs below `folder` says."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(folder, progress, over, period_s), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(folder: Path, progress: Progress, over: threading.Event, period_s: float) -> None:
    before = ""
    while not over.wait(period_s):
        phrase = latest(folder)
        if phrase and phrase != before:
            progress(phrase)
            before = phrase


def latest(folder: Path) -> str:
    """The last step that the newest log names, or nothing."""
    with contextlib.suppress(OSError):
        logs = [path for name in _LOGS for path in folder.rglob(name)]
        newest = max(logs, key=lambda path: path.stat().st_mtime_ns, default=None)
        if newest is not None:
            return _last_step(newest)
    return ""


def _last_step(log: Path) -> str:
    tool = "Vitis HLS" if log.name == "vitis_hls.log" else "Vivado"
    command = phase = ""
    for line in log.read_text(errors="replace").splitlines():
        found = _STEP.match(line)
        if found and found["command"]:
            command, phase = found["command"], ""
        elif found:
            phase = f", phase {found['phase']}: {found['name']}"
    place = next((words for start, words in _FOLDERS.items() if log.parent.name.startswith(start)), "at work")
    return f"{tool}: {command}{phase}" if command else f"{tool}: {place}"
