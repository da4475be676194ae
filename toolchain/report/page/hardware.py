"""What a page says of the hardware: the ladder of verification, utilisation, timing, cores side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolchain.report.comparisons import is_kept, told, words_of
from toolchain.report.page.gather import Build, Result
from toolchain.report.page.values import (
    ABSENT,
    Figure,
    count,
    dig,
    mapping,
    number,
    objects,
    quantity,
    rate,
    text,
    texts,
)
from toolchain.results.folding import TooDense, dense_told
from toolchain.stages import Stage

RESOURCES = {"lut": "LUT", "ff": "Flip-flops", "bram": "Block RAM", "dsp": "DSP", "uram": "UltraRAM"}


@dataclass(frozen=True)
class CheckRow:
    """One check of the ladder; `state` is "equal", "different" or "open" (not done)."""

    stage: str
    what: str
    counts: str
    state: str
    kind: str | None


def ladder(build: Build) -> list[CheckRow]:
    """Every comparison on the way, in order, and last the board itself."""
    known = build.layout.request.table
    rows = [
        _check_row(known[stage], name, checks[name])
        for stage, checks in build.checks.items()
        for name in _in_order(known[stage], checks)
    ]
    return [*rows, *_board_rows(build)]


def _in_order(stage: Stage, checks: Mapping[str, Any]) -> list[str]:
    """As the table of stages has them, those that it does not name last."""
    known = list(stage.proves)
    return sorted(checks, key=lambda name: (known.index(name) if name in known else len(known), name))


def _check_row(stage: Stage, name: str, check: Any) -> CheckRow:
    compared, equal = number(check, "compared"), number(check, "equal")
    state = "equal" if is_kept(mapping(check)) else _state(compared, equal)
    counts = "" if compared is None or equal is None else told(mapping(check))
    return CheckRow(stage.name, stage.meaning(name), counts, state, "simulated")


def _board_rows(build: Build) -> list[CheckRow]:
    """The newest run on a virtual board, and the newest on a board or what is yet to be done."""
    virtual = [_run_row("Virtual board, by the driver", run) for run in build.runs if is_virtual(run)]
    real = [_run_row(f"{build.title}, the board itself", run) for run in build.runs if not is_virtual(run)]
    return [*virtual[-1:], *(real[-1:] or [_open_row(build)])]


def is_virtual(run: Result) -> bool:
    """Whether a run was on a simulated board."""
    return dig(run.content, "virtual") is True


def _run_row(what: str, run: Result) -> CheckRow:
    answers = mapping(run.content, "answers")
    compared, equal = number(answers, "compared"), number(answers, "equal")
    compares = ["every output" if text(answers, "what") == "outputs" else "labels", words_of(text(answers, "vectors"))]
    counts = _counts(compared, equal, ", ".join(filter(None, compares)))
    return CheckRow("run", what, counts, _state(compared, equal), text(answers, "kind") or None)


def _open_row(build: Build) -> CheckRow:
    if text(build.manifest, "status") == "handoff":
        return CheckRow("finish", "Bitstream: finished by Vivado on a machine that has it", "", "open", None)
    if build.layout.request.flow == "ort":
        return CheckRow("run", f"{build.title}: the package has not been run there yet", "", "open", None)
    return CheckRow("run", f"{build.title}: no board has confirmed this build yet", "", "open", None)


def _counts(compared: float | None, equal: float | None, what: str) -> str:
    if compared is None or equal is None:
        return ""
    return f"{count(equal)} of {count(compared)} equal ({what})"


def _state(compared: float | None, equal: float | None) -> str:
    if not compared or equal is None:
        return "open"
    return "equal" if compared == equal else "different"


def utilisation(build: Build) -> list[dict[str, Any]]:
    """One row a resource: used, of how many, in per cent of the device; and what was expected."""
    resources, estimate = mapping(build.manifest, "resources"), mapping(build.manifest, "estimate")
    counted = build.facts.get("synthesise")
    synthesised = {} if text(counted, "kind") == "estimated" else mapping(counted, "resources")
    rows = []
    for key, label in RESOURCES.items():
        used, capacity = number(resources, key), number(build.capacity, key)
        if used is None:
            continue
        share = number(resources, "used_percent", key)
        if capacity:
            share = 100 * used / capacity
        rows.append(
            {
                "name": label,
                "used": count(used),
                "capacity": count(capacity),
                "share": min(share or 0.0, 100.0),
                "percent": "-" if share is None else f"{share:.1f} %",
                "synthesised": count(number(synthesised, key)),
                "estimated": count(number(estimate, key)),
            }
        )
    return rows


def memories(build: Build) -> list[dict[str, Any]]:
    """One row a memory of a microcontroller and one each part of it: bytes used, of how many, in per cent."""
    rows = []
    for key, label in (("flash", "flash"), ("ram", "RAM")):
        found = mapping(build.manifest, "memory", key)
        used, capacity = number(found, "used"), number(found, "of")
        if used is None or not capacity:
            continue
        percent = 100 * used / capacity
        whole = {"share": min(percent, 100.0), "percent": f"{percent:.1f} %", "of": count(capacity)}
        rows.append({"name": label, "used": count(used), **whole})
        for what in mapping(found, "parts"):
            rows.append({"name": what, "used": count(number(found, "parts", what)), "of": ""})
    return rows


def emulated(build: Build) -> str:
    """What was counted on a microcontroller's emulated processor, in words; empty where nothing was."""
    found = mapping(build.manifest, "emulated")
    instructions, stack = number(found, "instructions"), number(found, "stack")
    if instructions is None:
        return ""
    deepest = "" if stack is None else f"; the stack's deepest: {count(stack)} bytes"
    return f"{count(instructions)} instructions an inference on {text(found, 'machine')}: no time follows{deepest}"


def estimated_of(build: Build) -> str:
    """What the estimate is of; older builds do not say, and theirs is of the core."""
    return {"chip": "core and host link"}.get(text(build.manifest, "estimate", "of"), "the core alone")


def too_dense(build: Build) -> str:
    """Which products were to be unrolled and are folded, and why, in words; empty where none is."""
    products = objects(mapping(build.manifest, "estimate"), "too_dense")
    # Older builds knew one reason.
    return dense_told(TooDense.model_validate({"reason": "lut", **each}) for each in products) if products else ""


def clock(build: Build) -> Figure:
    """The clock, and how fast it could be."""
    timing = mapping(build.manifest, "timing")
    megahertz, fastest = number(timing, "clock_mhz"), number(timing, "fmax_mhz")
    if megahertz is None:
        return ABSENT
    note = f"up to {fastest:.1f} MHz" if fastest else "no tool has confirmed it yet" if _requested(timing) else ""
    crystal = number(timing, "crystal_mhz")
    by = f"by the PLL from {crystal:.12g} MHz" if crystal else ""
    return Figure(f"{megahertz:.12g} MHz", text(timing, "kind") or None, "; ".join(filter(None, (by, note))))


def _requested(timing: Any) -> bool:
    return text(timing, "kind") == "requested"


def fabric_latency(build: Build) -> Figure:
    """From the first input to the answer, in the fabric alone."""
    timing = mapping(build.manifest, "timing")
    microseconds, cycles = number(timing, "latency_us"), number(timing, "latency_cycles")
    if microseconds is None:
        return ABSENT
    hertz = f" at {clock(build).text}" + (" as requested" if _requested(timing) else "")
    note = f"{count(cycles)} cycles{hertz}"
    return Figure(quantity(microseconds * 1e-6, "s"), text(timing, "cycles_kind") or None, note)


def fabric_rate(build: Build) -> Figure:
    """Inferences a second of the fabric alone."""
    timing = mapping(build.manifest, "timing")
    per_second, interval = number(timing, "inferences_per_second"), number(timing, "initiation_interval")
    if per_second is None:
        return ABSENT
    note = "one every cycle" if interval == 1 else f"one every {count(interval)} cycles"
    if waits := number(timing, "answer_cycles"):
        note = f"the core could do {note}; an answer takes {count(waits)} cycles to leave"
    if mean := number(timing, "mean_interval"):
        note += f" through all stages, every {count(mean)} on average"
    return Figure(rate(per_second), text(timing, "cycles_kind") or None, note)


def critical_path(build: Build) -> list[str]:
    """The slowest path, one step a line."""
    return texts(build.manifest, "timing", "critical_path")


def cores(build: Build) -> list[dict[str, Any]]:
    """The cores that this network can become, side by side."""
    rows = objects(build.facts.get("compare"), "rows") or objects(build.manifest, "comparison")
    counted = ("lut", "ff", "bram", "dsp", "latency_cycles", "initiation_interval")
    words = ("core", "kind", "tool", "cycles_kind", "note")
    return [
        {**{key: text(row, key) for key in words}, **{key: count(number(row, key)) for key in counted}} for row in rows
    ]
