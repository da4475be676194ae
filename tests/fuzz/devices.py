"""Devices that lie: sensor trees, answers of a board, and results and records that anybody may have written."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from tests.doubles.agent import Losing, told
from tests.doubles.self_test import findings
from tests.doubles.sensors import hwmon
from tests.doubles.uart_board import IDENTITY, TYPES, VECTOR_BYTES, label_of, uart_board
from tests.fast.toolchain.package.amd.packages import bitstream_package
from tests.fast.toolchain.report.page.conftest import fabricate
from tests.fast.toolchain.report.page.results import write_results
from toolchain.device.agent.conditions import conditions
from toolchain.device.agent.discover import discover
from toolchain.device.agent.plan import Settings
from toolchain.device.agent.recording import Header, Recording, Repeat
from toolchain.device.agent.source import SensorError, Traits
from toolchain.device.agent.wire import plain
from toolchain.device.agent.workload import Work, WorkloadError, read_work
from toolchain.device.link import protocol
from toolchain.device.link.asking import SELF_TEST_FORMAT
from toolchain.device.link.axi.sense import Expected
from toolchain.device.link.golden import Golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.serial_link import SerialBoard
from toolchain.layout import Request
from toolchain.measure.measure import Job, measure_at
from toolchain.report.measurement_table import measurement_rows, measurement_table
from toolchain.report.page.render import overview_page
from toolchain.report.run_table import run_table
from toolchain.results.measurements import read_results
from toolchain.results.packed import read_package
from toolchain.run.remote_run import run_remotely
from toolchain.run.testset import must_be_equal, run_test_set

NAME = "devices that lie"

_WORDS = ["", "0", "-1", "5000", "1e24", "1e400", "-inf", "nan", "0x10", "1_0", "9" * 500, "VDD_IN", "NC", "pout1"]
_WORDS += ["ina3221", "ina226_u1", "irps5401", "package-0", "[/b]", "<b>", "\ud7ff\x01", "\n\n"]
_JSON = [
    *(f'"{word}"' for word in ("", "x", "[/red]", "<script>", "\\ud800", "ok", "measured")),
    "[" * 3000 + "]" * 3000,
]
_JSON += [
    "1e400",
    "-1e400",
    "NaN",
    "-1",
    "0",
    "1" + "0" * 400,
    "true",
    "null",
    "{}",
    "[]",
    "[[1]]",
    '{"a": {}}',
    "1e-320",
]
_TRAITS = Traits("s", "r", "input", "measured", "power", 0.1, 0.1, "p")
_AT = conditions(Path("/nowhere"), lambda words: None)
_RAW = [
    Recording(
        Header("b"),
        [_TRAITS],
        Settings(window_s=1.0, least_window_s=1.0, repeats=1, least_repeats=1),
        [],
    ).header_line(),
    {"plan": {"poll_s": 0.1, "window_s": 10.0, "trim_s": 0.2, "lag_s": 0.1}, "refresh_s": [None]},
    *([0.1 * step, 0, 1.0 + (10 < 0.1 * step < 20) + step % 7 / 100] for step in range(300)),
    {"event": "nonsense", "source": 0, "t": 1.0, "text": "nan W"},
    {"repeat": Repeat((0.0, 10.0), Work(100, 10.0, 20.0, 1000), (20.0, 29.0), [_AT, _AT])},
    {"unsampled": Work(100, 30.0, 40.0)},
    {"end": "complete", "reason": ""},
]
_JOB = Job("zcu104", "cqmlp", ["x", "{count}"], expected=Expected(100_000_000, 40, 11))


def once(rng: np.random.Generator, folder: Path) -> None:
    """One lie of one kind."""
    kinds = (_sensors, _board, _program, _results, _agent, _self_test)
    kinds[rng.integers(len(kinds))](rng, folder)


def _sensors(rng: np.random.Generator, root: Path) -> None:
    rails = {
        f"{side}{i}_{end}": 5000
        for i in (1, 2, 3)
        for side, end in (("in", "label"), ("in", "input"), ("curr", "input"))
    }
    folders = [hwmon(root, 7, "ina3221", **rails), hwmon(root, 1, "ina226_u1", power1_input=1, power1_label="x")]
    folders += [hwmon(root, 2, "irps5401", power1_input=1, power1_label="pout1", update_interval=1)]
    for place in ("sys/class/powercap/intel-rapl:0", "sys/class/thermal/thermal_zone0"):
        folders.append(root / place)
        folders[-1].mkdir(parents=True)
        for name in ("name", "energy_uj", "max_energy_range_uj", "temp", "type"):
            (folders[-1] / name).write_text("5\n")
    for _ in range(rng.integers(1, 5)):
        _spoil(rng, _any(rng, [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]))
    for source in discover(
        root, lambda words: _any(rng, [None, "VDD_A current(0)=1A\nVDD_V volt(1)=nanV", *_WORDS])
    ).sources:
        try:
            watts = source.read()
        except SensorError:
            continue
        assert watts == watts and abs(watts) <= 1e12, (source.traits, watts)
        source.close()
    json.dumps(conditions(root, lambda words: _any(rng, _WORDS)), allow_nan=False, default=plain)


def _spoil(rng: np.random.Generator, path: Path) -> None:
    kind = rng.integers(5)
    # It may be a link to a device by now, which must not be written to.
    path.unlink()
    if kind == 0:
        path.write_text(_any(rng, _WORDS))
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.symlink_to(_any(rng, ["/dev/zero", "/proc/self/mem", "/nowhere", path.name, "/dev/full", "/dev/ptmx"]))
    elif kind == 3:
        path.mkdir()


def _board(rng: np.random.Generator, folder: Path) -> None:
    vectors = [bytes([index] * VECTOR_BYTES) for index in range(20)]
    answer = {"answer": AnswerLayout.of_class(5)._asdict(), "classes": list("abcde")}
    described = {"count": 20, "vector_bytes": VECTOR_BYTES, **answer}
    golden = Golden(described, b"".join(vectors), bytes(map(label_of, vectors)))
    widths = {
        "clock_hz": 32,
        "types": 32,
        "bench_vectors": 32,
        "buffer_bytes": 16,
        "timeout_us": 32,
    }
    name = _any(rng, [*widths, "none"])
    lie: dict[str, Any] = {} if name == "none" else {name: _number(rng, widths[name])}
    if name == "types":
        lie = {"types": TYPES._replace(input=TYPES.input._replace(shape=(lie["types"],)))}
    board = uart_board(identity=IDENTITY._replace(**lie))
    right, lying = board._answer, _any(rng, ["cycles", "counters"])

    def answer(command: int, sequence: int, payload: bytes) -> protocol.Reply:
        reply = right(command, sequence, payload)
        if lying == "cycles" and "cycles" in reply._fields and rng.random() < 0.3:
            return reply._replace(cycles=_number(rng, 32))  # type: ignore[call-arg]
        if lying == "counters" and isinstance(reply, protocol.Counters) and rng.random() < 0.3:
            return reply._replace(**{_any(rng, ["inferences", "good_frames", "crc_errors"]): _number(rng, 32)})
        return reply

    board._answer = answer  # type: ignore[method-assign]
    result = run_test_set(SerialBoard(board), golden, bench=100, expected=Expected(25_000_000, 100, 10))
    assert result.bench.inferences_per_second > 0
    run_table(result)
    must_be_equal(result)
    counted = result.counted
    assert (counted.inferences, counted.requests) == (counted.asked, counted.sent)


def _told() -> dict[str, Any]:
    return {"format": SELF_TEST_FORMAT, "kind": "measured", "device": "x", "findings": findings()}


def _self_test(rng: np.random.Generator, folder: Path) -> None:
    """What an AMD board's self-test printed."""
    said = _mutated(rng, json.dumps(_told()))
    board = _Board(_mutated(rng, said) if rng.random() < 0.3 else said)
    package = bitstream_package(folder)
    result = run_remotely(board, package, read_package(package))  # type: ignore[arg-type]
    run_table(result)
    assert 0 < result.throughput.inferences_per_second <= 1e8
    must_be_equal(result)


class _Board:
    address = "me@board"

    def __init__(self, said: str) -> None:
        self._said = said

    def deploy(self, folder: Path, name: str) -> str:
        return name

    def as_root(self, words: list[str]) -> list[str]:
        return words

    def ask(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 0, self._said, "")


def _program(rng: np.random.Generator, folder: Path) -> None:
    keys = [
        "inferences",
        "cycles",
        "seconds",
        "started_monotonic",
        "ended_monotonic",
        "started_unix",
        "ended_unix",
        "loop",
    ]
    said = ", ".join(f'"{key}": {_any(rng, [*_JSON, "5", "6", "7"])}' for key in keys if rng.random() < 0.7)
    try:
        work = read_work(f"{{{said}}}", 0.0, 10.0, 0.0, "program", 0.0)
    except WorkloadError:
        return
    assert 0 < work.seconds < 11 and work.inferences > 0


def _results(rng: np.random.Generator, root: Path) -> None:
    layout = fabricate(root, Request("ulx3s", "cqmlp"))
    write_results(layout.board_dir)
    files = [*sorted(root.rglob("*.json")), *sorted(root.rglob("*.jsonl"))]
    for _ in range(rng.integers(1, 4)):
        path = _any(rng, files)
        path.write_text(_mutated(rng, path.read_text()))
    overview_page(root)
    for result in read_results(layout.board_dir):
        list(measurement_rows(result))


def _agent(rng: np.random.Generator, folder: Path) -> None:
    """What an agent printed and wrote on its machine."""
    said, raw = "", "".join(json.dumps(line, default=plain) + "\n" for line in _RAW)
    if rng.random() < 0.7:
        said = _mutated(rng, json.dumps(told()))
    else:
        raw = _mutated(rng, raw)
    result = measure_at(Losing(raw.encode(), said), _JOB, folder)  # type: ignore[arg-type]
    for row in measurement_rows(result):
        assert not {"nan", "inf"} & set(row[1].split()), row
    assert len(read_results(folder)) == 1
    measurement_table(result)


def _mutated(rng: np.random.Generator, text: str) -> str:
    """One value (behind a colon) becomes another; or bytes are lost."""
    colons = [at for at, letter in enumerate(text) if letter == ":"]
    if not colons or rng.random() < 0.1:
        return text[: rng.integers(len(text) + 1)]
    at = int(_any(rng, colons)) + 1
    ends = [place for place in (text.find(mark, at) for mark in (",", "\n", "}")) if place > 0]
    return text[:at] + str(_any(rng, _JSON)) + text[min(ends, default=at) :]


def _number(rng: np.random.Generator, bits: int) -> int:
    most = (1 << bits) - 1
    return int(_any(rng, [0, 1, 2, most, most - 1, int(rng.integers(most))]))


def _any(rng: np.random.Generator, choices: list[Any]) -> Any:
    return choices[int(rng.integers(len(choices)))]
