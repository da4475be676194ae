"""What the command lines of packages on their boards share: commands, own vectors, and how results are told."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from toolchain.device.link.answers import Bench, Counters, Identity, Values
from toolchain.device.link.axi.sense import bench_faults, expected_of, must_make_sense, pace_faults
from toolchain.device.link.board import Board, play
from toolchain.device.link.finding import Finding, said
from toolchain.device.link.golden import Golden
from toolchain.device.link.remembering import Memory
from toolchain.device.link.settings import Setting, setting_called, settings_of
from toolchain.device.link.stages import Decided, decided, stages_of
from toolchain.device.packed import PackedManifest
from toolchain.errors import BuildError, GateweaveError

SELF_TEST_FORMAT = 3
"""Version of what `self_test.py --json` prints."""
_MOST_INFERENCES = 0xFFFFFFFF


class Asked(Board, Protocol):
    """An opened board with its package, whatever the link.

    Attributes:
        manifest: the package's.
        golden: the package's vectors with the answers that every stage gave.
        without_dma: why vectors go one by one through registers; empty where they do not.
        way: how many vectors go, for people.
        memory: answers that are kept.
    """

    manifest: PackedManifest
    golden: Golden
    without_dma: str
    way: str
    memory: Memory

    def set(self, setting: Setting, value: int) -> None:
        """Have a setting hold for all vectors that are sent from now on."""

    def held(self, setting: Setting) -> int:
        """The value that a setting has in the chip."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The arguments that every driver takes."""
    parser.add_argument("command", choices=tuple(_COMMANDS))
    parser.add_argument("count", nargs="?", type=positive, help="how many golden vectors or inferences; 1 without it")
    parser.add_argument("--vectors", type=Path, help="infer: a text file of own vectors, one a line, of integers")
    add_set(parser)
    add_memory(parser, "keep N answers; else as many as the recipe says")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def add_set(parser: argparse.ArgumentParser) -> None:
    """The argument that gives settings values."""
    parser.add_argument(
        "--set",
        type=_given,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the chip, for this call",
    )


def add_memory(parser: argparse.ArgumentParser, what: str) -> None:
    """The argument that gives a memory places."""
    parser.add_argument("--memory", type=_places, metavar="N", help=what)


def set_given(board: Asked, options: argparse.Namespace) -> None:
    """Give the settings that were asked for their values.

    Raises:
        ConfigError: there is none of the name, or a value outside its range.
    """
    settings = settings_of(board.manifest.get("settings") or [])
    for name, value in options.set:
        board.set(setting_called(settings, name), value)


def _places(text: str) -> int:
    if not (text.isdigit() and int(text) <= _MOST_INFERENCES):
        raise argparse.ArgumentTypeError(f"{text} should be from 0 to {_MOST_INFERENCES}")
    return int(text)


def _given(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    try:
        return name, int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: should be NAME=VALUE, such as threshold1=300") from None


def positive(text: str) -> int:
    """A number of inferences that a board can count."""
    number = int(text)
    if not 0 < number <= _MOST_INFERENCES:
        raise argparse.ArgumentTypeError(f"{number} should be from 1 to {_MOST_INFERENCES}")
    return number


def guarded(work: Callable[[], int]) -> int:
    """The exit status; an error is one line on standard error."""
    try:
        return work()
    except GateweaveError as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def ask(board: Asked, options: argparse.Namespace) -> int:
    """Ask one thing and print what the board answers.

    Raises:
        GateweaveError: no right answer, or own vectors that do not fit.
    """
    set_given(board, options)
    if options.memory is not None:
        board.memory = Memory(options.memory)
    answered = _COMMANDS[options.command](board, options)
    if options.json:
        print(json.dumps(answered.to_json(), default=said))
        return 0
    for line in answered.lines():
        print(line)
    return 0


def read_vectors(path: Path, golden: Golden) -> list[bytes]:
    """Own vectors, packed: a line each, its integers divided by blanks or commas; JSON lists of integers are read, too.

    Raises:
        BuildError: the file cannot be read, or a line is no vector of the network's.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: cannot be read ({error})") from error
    vectors = [_packed(f"{path}: line {number}", line, golden) for number, line in enumerate(lines, 1) if line.strip()]
    if not vectors:
        raise BuildError(f"{path}: holds no vector; write one a line, such as 0 1 1 0")
    return vectors


def _packed(where: str, line: str, golden: Golden) -> bytes:
    try:
        return golden.pack([int(word) for word in line.translate(_DIVIDERS).split()])
    except ValueError:
        raise BuildError(f"{where}: should be {golden.described['elements']} integers") from None
    except BuildError as error:
        raise BuildError(f"{where}: {error}") from error


_DIVIDERS = str.maketrans(",;[]", "    ")


class Answer(Protocol):
    """What a board answered: as JSON for programs, and in lines for people."""

    def to_json(self) -> Mapping[str, object]:
        """Its keys."""

    def lines(self) -> list[str]:
        """Its lines."""


@dataclass(frozen=True)
class _Identified:
    identity: Identity

    def to_json(self) -> Mapping[str, object]:
        said = self.identity._asdict().items()
        told = {name: value.hex() if isinstance(value, bytes) else value for name, value in said if value is not None}
        return {**told, "answer": self.identity.answer._asdict()}

    def lines(self) -> list[str]:
        return _named(self.to_json())


@dataclass(frozen=True)
class _Inferred:
    answers: Sequence[Values]
    told: Sequence[str]
    without_dma: str
    labels: Sequence[int] | None = None
    names: Sequence[str] | None = None
    memory: Mapping[str, int] | None = None
    decisions: Decided | None = None

    def to_json(self) -> Mapping[str, object]:
        return said(self)

    def lines(self) -> list[str]:
        note = [f"one by one through registers: {self.without_dma}"] if self.without_dma else []
        note += [f"vector {index}: {told}" for index, told in enumerate(self.told)]
        if self.memory:
            note.append(f"{self.memory['recalled']:,} of {self.memory['asked']:,} answers were kept ones")
        note += [self.decisions.told] if self.decisions else []
        return note


@dataclass(frozen=True)
class _Benched:
    bench: Bench
    told: str
    started_monotonic: float
    ended_monotonic: float
    decisions: Decided | None = None

    def to_json(self) -> Mapping[str, object]:
        own = {name: value for name, value in said(self).items() if name != "bench"}
        return {**self.bench._asdict(), **own}

    def lines(self) -> list[str]:
        bench = self.bench
        cycles = "not counted by this design" if bench.cycles is None else bench.cycles
        results = [f"last answer: {self.told}", f"cycles: {cycles}", f"checksum: {bench.checksum:08x}"]
        results += [self.decisions.told] if self.decisions else []
        return [*results, f"seconds: {bench.seconds:.6f}"]


@dataclass(frozen=True)
class _Counted:
    counters: Counters

    def to_json(self) -> Mapping[str, object]:
        return self.counters._asdict()

    def lines(self) -> list[str]:
        return _named(self.to_json())


def _identify(board: Asked, options: argparse.Namespace) -> Answer:
    return _Identified(board.identify())


def _infer(board: Asked, options: argparse.Namespace) -> Answer:
    golden = board.golden
    vectors = read_vectors(options.vectors, golden) if options.vectors else golden.vectors(options.count or 1)
    answers = board.infer_many(vectors)
    labels = [label for label in map(golden.label, answers) if label is not None]
    told = [golden.told(values) for values in answers]
    memory = board.memory.uses._asdict() if board.memory.uses.places else None
    right = [] if options.vectors or options.set else golden.answers(len(answers))
    stages = stages_of(board.manifest)
    found = decided(answers, right, stages) if stages else None
    if not golden.classes:
        return _Inferred(answers, told, board.without_dma, memory=memory, decisions=found)
    names = [golden.class_name(label) for label in labels]
    return _Inferred(answers, told, board.without_dma, labels, names, memory, found)


def _bench(board: Asked, options: argparse.Namespace) -> Answer:
    """A bench with the times between which it ran, as the measuring agent wants them."""
    count = options.count or 1
    stages = stages_of(board.manifest)
    played = play(board, board.golden, board.identify().bench_vectors, stages)
    # With settings that were given, the package's answers are others'.
    found = (played._replace(right=[]) if options.set else played).decided(stages, count)
    started = time.monotonic()
    bench = board.bench(count)
    ended = time.monotonic()
    faults = bench_faults(bench, expected_of(board.manifest)) + pace_faults(bench, board.identify().clock_hz)
    must_make_sense("bench", faults)
    told = board.golden.told(bench.values) if bench.values else "not told by this design"
    return _Benched(bench, told, started, ended, found)


def _counters(board: Asked, options: argparse.Namespace) -> Answer:
    return _Counted(board.counters())


@dataclass(frozen=True)
class _Held:
    held: Sequence[tuple[Setting, int]]

    def to_json(self) -> Mapping[str, object]:
        return {"settings": [{**vars(setting), "value": value} for setting, value in self.held]}

    def lines(self) -> list[str]:
        told = [f"{one.name}: {value} ({one.meaning}; {one.low} to {one.high})" for one, value in self.held]
        return told or ["the chip has no settings"]


def _settings(board: Asked, options: argparse.Namespace) -> Answer:
    settings = settings_of(board.manifest.get("settings") or [])
    return _Held([(setting, board.held(setting)) for setting in settings])


def _named(answered: Mapping[str, object]) -> list[str]:
    return [f"{name}: {'not counted' if value is None else value}" for name, value in answered.items()]


_COMMANDS: Mapping[str, Callable[[Asked, argparse.Namespace], Answer]]
_COMMANDS = {"identify": _identify, "infer": _infer, "bench": _bench, "counters": _counters, "settings": _settings}


def report_findings(board: Asked, findings: Sequence[Finding], reached: Mapping[str, str], as_json: bool) -> int:
    """Print the self-test's end (as JSON: all of it); exit status 0 only where nothing differs."""
    differing = sum(len(finding.differences) for finding in findings)
    if as_json:
        report = {"format": SELF_TEST_FORMAT, "kind": "measured", **reached, "findings": findings}
        print(json.dumps(report, indent=2, default=said))
    else:
        print(f"reached by {reached['device']}" + (f"; no DMA: {board.without_dma}" if board.without_dma else ""))
        print("PASSED: no difference" if not differing else f"FAILED: {differing} differences")
    return 1 if differing else 0


def show_finding(finding: Finding) -> None:
    """One check of the self-test for a person."""
    print(f"{'ok  ' if not finding.differences else 'NO  '}{finding.name}: {finding.summary}")
    for difference in finding.differences:
        print(f"      {difference}")
    if measured := said(finding.measured):
        print("      measured: " + ", ".join(f"{name} {value}" for name, value in measured.items()))
