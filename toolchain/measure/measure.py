"""Takes the agent to a machine, measures there, and brings back result and samples."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolchain.device.agent.clock import SystemClock
from toolchain.device.agent.plan import Settings
from toolchain.device.agent.rawlog import read_lines
from toolchain.device.agent.recording import recording_of
from toolchain.device.agent.session import RAW, RESULT, finish, measure
from toolchain.device.agent.source import Source
from toolchain.device.agent.workload import Workload
from toolchain.errors import ToolError
from toolchain.measure.agent_archive import NAME, agent_version, build_agent
from toolchain.places.place import Place
from toolchain.results.measurements import save_result

_SPARE_S = 900.0
_AGENT_DIR = "agent"


@dataclass(frozen=True)
class Job:
    """What is measured.

    Attributes:
        board, model: names, for the result.
        words: the workload, a command with `{seconds}` or `{count}`; see docs/measure.md.
        folder: where it runs, relative to the machine's home; None for the home itself.
        sources: names of sensors whose sum is the figure; the agent chooses where there are none.
        i2c: meters on a bare bus of the machine, BUS:ADDRESS:CHIP:OHMS.
        root: whether root is needed, as RAPL and loading a bitstream do.
        sensor_root: a tree of plain files to take sensors from; all figures are then `simulated`.
        provenance: what is known of the package, such as variant, build_id, model_hash, seal.
    """

    board: str
    model: str
    words: Sequence[str]
    folder: str | None = None
    settings: Settings = field(default_factory=Settings)
    sources: Sequence[str] = ()
    i2c: Sequence[str] = ()
    root: bool = False
    sensor_root: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


def measure_at(place: Place, job: Job, board_dir: Path, python: Sequence[str] = ("python3",)) -> dict[str, Any]:
    """Measure a command on a machine with the machine's own sensors; keeps and returns the result.

    A connection that is lost on the way loses the samples of the way only: what the agent has written is fetched.

    Args:
        place: the machine.
        board_dir: `build/<model>/<board>`.
        python: words that start the machine's Python, 3.8 or newer; an emulator may stand before.

    Raises:
        ToolError: the machine cannot be reached, or the agent took nothing at all.
        BuildError: the result cannot be written.
    """
    with tempfile.TemporaryDirectory() as name:
        home = place.deploy(build_agent(_made(Path(name) / _AGENT_DIR)).parent, _AGENT_DIR)
        # Beside the agent's folder, which the next measurement replaces: what cannot be fetched today stays there.
        out = f"{home}-{time.time_ns() // 1_000_000}"
        words = [*python, f"{home}/{NAME}", "measure", "--out", out, *_options(job), "--", *job.words]
        said, fault = "", None
        try:
            done = place.ask(place.as_root(words) if job.root else words, seconds=_limit(job.settings))
            said, fault = done.stdout, _last_line(done.stderr) if done.returncode not in (0, 130) else None
        except ToolError as error:
            fault = str(error)
        raw = _fetched(place, f"{out}/{RAW}", Path(name) / RAW)
        result = _result(place, said, raw, f"{out}/{RESULT}", Path(name) / RESULT, fault)
        save_result(board_dir, result, raw)
        if raw is not None:
            remove = ["rm", "-rf", "--", out]
            place.ask(place.as_root(remove) if job.root else remove)
    return result


def measure_here(
    workload: Workload,
    sources: Sequence[Source],
    job: Job,
    board_dir: Path,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure a driver on this computer, with meters of this computer; keeps and returns the result.

    Raises:
        BuildError: the result cannot be written.
    """
    with tempfile.TemporaryDirectory() as name:
        notes = [] if sources else ["no power sensor on this computer reaches the board; name a meter with METER="]
        header = {**_header(job), "notes": notes}
        result = measure(workload, sources, job.settings, SystemClock(), Path(name), header, progress=progress)
        save_result(board_dir, result, Path(name) / RAW)
    return result


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _header(job: Job) -> dict[str, Any]:
    provenance = {**job.provenance, "agent": agent_version()}
    return {"board": job.board, "model": job.model, "provenance": provenance}


def _options(job: Job) -> list[str]:
    settings = job.settings
    words = ["--seconds", f"{settings.window_s:g}", "--repeats", str(settings.repeats)]
    words += ["--warm-up", f"{settings.warm_up_s:g}", "--header", json.dumps(_header(job), sort_keys=True)]
    words += [word for name in job.sources for word in ("--source", name)]
    words += [word for meter in job.i2c for word in ("--i2c", meter)]
    words += ["--root", job.sensor_root] if job.sensor_root else []
    return words + (["--cd", job.folder] if job.folder else [])


def expected_seconds(settings: Settings) -> float:
    """How long a measurement of fast sensors takes at least: warm-up, idle - active - idle, and both unsampled runs."""
    return settings.warm_up_s + (3 * settings.repeats + 2) * settings.window_s


def _limit(settings: Settings) -> float:
    # Twice the repeats may be tried, of three windows each, and slow sensors lengthen the windows.
    return _SPARE_S + settings.warm_up_limit_s + 2 * settings.repeats * 6 * max(settings.window_s, 10.0)


def _fetched(place: Place, there: str, here: Path) -> Path | None:
    try:
        place.fetch(there, here)
    except ToolError:
        return None
    return here


def _result(place: Place, said: str, raw: Path | None, there: str, here: Path, fault: str | None) -> dict[str, Any]:
    """What the agent printed; else its file; else what its samples give."""
    for text in (said, _text(_fetched(place, there, here) if fault is None else None)):
        try:
            value = json.loads(text.strip().splitlines()[-1]) if text.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    if raw is None:
        raise ToolError(f"{place.address}: the agent took nothing: {fault or 'no reason given'}")
    try:
        result = finish(recording_of(read_lines(raw)))
        result["reasons"] = [f"{place.address}: {fault}", *result["reasons"]]
    except (ValueError, KeyError) as error:
        raise ToolError(f"{place.address}: the agent took nothing of use ({error}): {fault}") from error
    return result


def _text(path: Path | None) -> str:
    # One line, as the agent prints it.
    return json.dumps(json.loads(path.read_text())) if path is not None else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
