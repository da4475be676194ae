"""The command lines of a package on its board: `driver.py` and `self_test.py`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from toolchain.errors import GateweaveError
from toolchain.hostlink.axi.opening import DEVICES, Board, open_board
from toolchain.hostlink.axi.selftest import BENCH_INFERENCES, run_self_test
from toolchain.hostlink.axi.sense import bench_faults, expected_of, must_make_sense


def driver(folder: Path, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    parser = _parser("driver.py", "Ask the board: identify, infer (golden vectors), bench, counters.")
    parser.add_argument("command", choices=tuple(_COMMANDS))
    parser.add_argument("count", nargs="?", type=_positive, help="how many vectors or inferences; 1 without it")
    parser.add_argument("--json", action="store_true", help="bench: print JSON for programs")
    options = parser.parse_args(arguments)
    return _guarded(lambda: _ask(folder, options))


def self_test(folder: Path, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    parser = _parser("self_test.py", "Check the board against the package's golden vectors.")
    parser.add_argument("--inferences", type=_positive, default=BENCH_INFERENCES, help="of the bench (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    return _guarded(lambda: _test(folder, options))


def _parser(program: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=text)
    parser.add_argument("--device", choices=DEVICES, default="auto", help="auto: pynq where installed, else linux")
    parser.add_argument("--no-load", action="store_true", help="the package's bitstream is loaded already")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number <= 0xFFFFFFFF:
        raise argparse.ArgumentTypeError(f"{number} should be from 1 to {0xFFFFFFFF}")
    return number


def _guarded(work: Callable[[], int]) -> int:
    try:
        return work()
    except GateweaveError as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _ask(folder: Path, options: argparse.Namespace) -> int:
    with open_board(folder, options.device, not options.no_load) as board:
        if options.json and options.command == "bench":
            print(json.dumps(_timed_bench(board, options.count or 1)))
            return 0
        for line in _COMMANDS[options.command](board, options.count or 1):
            print(line)
    return 0


def _timed_bench(board: Board, count: int) -> dict[str, object]:
    """A bench with the times between which it ran, as the measuring agent wants them."""
    started = time.monotonic()
    bench = board.bench(count)
    ended = time.monotonic()
    must_make_sense("bench", bench_faults(bench, expected_of(board.manifest)))
    counted = {"inferences": bench.inferences, "cycles": bench.cycles, "checksum": bench.checksum}
    return {**counted, "started_monotonic": started, "ended_monotonic": ended}


def _identify(board: Board, count: int) -> list[str]:
    shown = {k: v.hex() if isinstance(v, bytes) else v for k, v in board.identify()._asdict().items()}
    return [f"{name}: {value}" for name, value in shown.items()]


def _infer(board: Board, count: int) -> list[str]:
    golden = board.golden
    labels = board.infer_many(golden.vectors(count))
    note = [f"one by one through registers: {board.without_dma}"] if board.without_dma else []
    named = [f"vector {index}: class {label} ({golden.class_name(label)})" for index, label in enumerate(labels)]
    return note + named


def _bench(board: Board, count: int) -> list[str]:
    bench = board.bench(count)
    cycles = "not counted by this design" if bench.cycles is None else str(bench.cycles)
    results = [f"last class: {bench.label}", f"cycles: {cycles}", f"checksum: {bench.checksum:08x}"]
    return [*results, f"seconds: {bench.seconds:.6f}"]


def _counters(board: Board, count: int) -> list[str]:
    counted = board.counters()._asdict().items()
    return [f"{name}: {'not counted' if value is None else value}" for name, value in counted]


_COMMANDS = {"identify": _identify, "infer": _infer, "bench": _bench, "counters": _counters}


def _test(folder: Path, options: argparse.Namespace) -> int:
    with open_board(folder, options.device, not options.no_load) as board:
        findings = []
        for finding in run_self_test(board, options.inferences):
            findings.append(finding)
            if not options.json:
                _show(finding)
        reached = {"device": board.device.name, "without_dma": board.without_dma}
    differing = sum(len(finding.differences) for finding in findings)
    if options.json:
        report = {"kind": "measured", **reached, "findings": [dataclasses.asdict(finding) for finding in findings]}
        print(json.dumps(report, indent=2))
    else:
        print(f"reached by {reached['device']}" + (f"; no DMA: {reached['without_dma']}" if board.without_dma else ""))
        print("PASSED: no difference" if not differing else f"FAILED: {differing} differences")
    return 1 if differing else 0


def _show(finding: object) -> None:
    values = dataclasses.asdict(finding)  # type: ignore[call-overload]
    print(f"{'ok  ' if not values['differences'] else 'NO  '}{values['name']}: {values['summary']}")
    for difference in values["differences"]:
        print(f"      {difference}")
    if values["measured"]:
        print("      measured: " + ", ".join(f"{name} {value}" for name, value in values["measured"].items()))
