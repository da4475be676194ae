"""Takes the agent to a machine, measures there, and brings back result and samples."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolchain.device.agent.analyse import RAW, analyse
from toolchain.device.agent.clock import SystemClock
from toolchain.device.agent.plan import Settings
from toolchain.device.agent.rawlog import read_lines
from toolchain.device.agent.recording import Header, recording_of
from toolchain.device.agent.session import RESULT, measure
from toolchain.device.agent.source import Source
from toolchain.device.agent.wire import plain
from toolchain.device.agent.workload import Workload
from toolchain.device.link.axi.sense import Expected, loop_faults, must_make_sense
from toolchain.errors import BuildError, ToolError, VerificationError, first_line
from toolchain.measure.agent_archive import NAME, agent_version, build_agent
from toolchain.places.place import Place
from toolchain.results.measurement import Measurement, Proven, Provenance
from toolchain.results.measurements import save_result
from toolchain.results.model import parse
from toolchain.results.whole import must_be_whole
from toolchain.told import ToldError, parsed, shown

_SPARE_S = 900.0
_AGENT_DIR = "agent"
# What a raw file raises that is none, or whose lines hold other things than an agent writes.
_SPOILT = (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, OSError)


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
        sensor_root: a tree of plain files to take sensors from; power and energy are then `simulated`, times are not.
        provenance: what is known of the package.
        expected: clock and cycles as the package has them, where its workload counts cycles.
        sensors: names of the sensors that the board has; one that the machine does not show is told.
        proven: what the board has answered before.
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
    provenance: Provenance = field(default_factory=Provenance)
    expected: Expected = field(default_factory=Expected)
    sensors: Sequence[str] = ()
    proven: Proven | None = None


def measure_at(place: Place, job: Job, board_dir: Path, python: Sequence[str] = ("python3",)) -> Measurement:
    """Measure a command on a machine with the machine's own sensors; keeps and returns the result.

    A connection that is lost on the way loses the samples of the way only: what the agent has written is fetched.

    Args:
        place: the machine.
        board_dir: `build/<model>/<board>`.
        python: words that start the machine's Python, 3.8 or newer; an emulator may stand before.

    Raises:
        ToolError: the machine cannot be reached, the agent took nothing at all, or tells what cannot be.
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
        try:
            told = _told(place, said, raw, out, Path(name) / RESULT, fault)
            result = _of_job(_record(told), job)
        except (VerificationError, BuildError) as error:
            kept = f"; its files stay there in {out}" if raw is not None else ""
            raise ToolError(f"{place.address}: the agent's result cannot be used: {error}{kept}") from error
        result, is_kept = _kept(board_dir, result, raw)
        if raw is not None and is_kept:
            remove = ["rm", "-rf", "--", out]
            place.ask(place.as_root(remove) if job.root else remove)
    return result


def measure_here(
    workload: Workload,
    sources: Sequence[Source],
    job: Job,
    board_dir: Path,
    progress: Callable[[str], None] = lambda text: None,
) -> Measurement:
    """Measure a driver on this computer, with meters of this computer; keeps and returns the result."""
    with tempfile.TemporaryDirectory() as name:
        notes = [] if sources else ["no power sensor on this computer reaches the board; name a meter with METER="]
        header = replace(_header(job), notes=notes)
        found = measure(workload, sources, job.settings, SystemClock(), Path(name), header, progress=progress)
        # By way of JSON, as an agent on another machine tells it.
        told = _record(parsed(_wire(found))).model_copy(update=_proven(job))
        result, _ = _kept(board_dir, told, Path(name) / RAW)
    return result


def _record(told: Any) -> Measurement:
    return parse(told, Measurement, "the result", "make measure")


def _wire(record: object) -> str:
    return json.dumps(record, default=plain)


def _kept(board_dir: Path, result: Measurement, raw: Path | None) -> tuple[Measurement, bool]:
    """The result, with a reason where it cannot be kept, and whether it is: it took minutes to measure."""
    try:
        save_result(board_dir, result, raw)
    except BuildError as error:
        return result.model_copy(update={"reasons": (*result.reasons, f"kept nowhere: {error}")}), False
    return result, True


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _header(job: Job) -> Header:
    return Header(job.board, job.model, _known(job).to_json())


def _known(job: Job) -> Provenance:
    return job.provenance.model_copy(update={"agent": agent_version()})


def _options(job: Job) -> list[str]:
    settings = job.settings
    words = ["--seconds", f"{settings.window_s:g}", "--repeats", str(settings.repeats)]
    words += ["--warm-up", f"{settings.warm_up_s:g}", "--header", _wire(_header(job))]
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


def _told(place: Place, said: str, raw: Path | None, out: str, here: Path, fault: str | None) -> Any:
    """What the agent printed; else its file; where it was cut off, what its samples give.

    Raises:
        ToldError: it cannot be; names the key and its value.
    """
    text = _last_object(said)
    if text is None and fault is None:
        text = _text(_fetched(place, f"{out}/{RESULT}", here))
    if text is None and fault is None:
        raise ToldError(f"it printed {shown(said.strip())}, no JSON object")
    told = parsed(_of_samples(place, raw, str(fault)) if text is None else text)
    must_be_whole(told)
    return told


def _of_job(result: Measurement, job: Job) -> Measurement:
    """The result, in which what this computer knows stands as it knows it.

    Raises:
        VerificationError: cycles that the package's simulation does not allow, or that take longer than they say.
    """
    provenance = result.provenance.model_copy(update=_known(job).to_json())
    if result.latency is not None:
        seconds = result.latency.seconds_per_inference.median
        must_make_sense("latency", loop_faults(result.latency.cycles_per_inference, seconds, job.expected))
    reasons = (*result.reasons, *_not_seen(result, job))
    known = {"board": job.board, "model": job.model, "provenance": provenance, "reasons": reasons}
    return result.model_copy(update={**known, **_proven(job)})


def _proven(job: Job) -> dict[str, Proven]:
    return {"proven": job.proven} if job.proven else {}


def _not_seen(result: Measurement, job: Job) -> list[str]:
    """What to say of sensors that the board has and the machine does not show; nothing where a person chose some."""
    there = [*(one.name for one in result.sources), *(one.name for one in result.unreadable)]
    # A chip's place or rail follows its name: ina226_u65, ina3221:VDD_IN, irps5401@hwmon0:pout1.
    missing = [] if job.sources else [name for name in job.sensors if not any(seen.startswith(name) for seen in there)]
    return [
        f"{job.board} has a sensor {name}, and none of that name is read there: has the image its driver?"
        for name in missing
    ]


def _last_object(said: str) -> str | None:
    """The last line of what the agent printed, where it is a whole object of JSON."""
    lines = said.strip().splitlines()
    try:
        return lines[-1] if lines and isinstance(json.loads(lines[-1]), dict) else None
    except (ValueError, RecursionError):
        return None


def _of_samples(place: Place, raw: Path | None, fault: str) -> str:
    if raw is None:
        raise ToolError(f"{place.address}: the agent took nothing: {fault}")
    try:
        result = analyse(recording_of(read_lines(raw)))
        return _wire(replace(result, reasons=[f"{place.address}: {fault}", *result.reasons]))
    except _SPOILT as error:
        raise ToolError(f"{place.address}: the agent took nothing of use ({first_line(error)}): {fault}") from error


def _text(path: Path | None) -> str | None:
    """A file's text; what is not UTF-8 in it is no JSON either."""
    return path.read_text(errors="replace") if path is not None else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
