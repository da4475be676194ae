"""The agent's command line.

agent.pyz sources                          which power sensors there are
agent.pyz measure --out DIR -- WORDS...    power and latency of a command with {seconds} or {count} in its words
agent.pyz analyse DIR/raw.jsonl            the result of a measurement that was killed
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Optional

from .clock import SystemClock
from .discover import Found, discover, mark_total, open_i2c, read_once, sensor_name, unique
from .plan import Settings
from .recording import INTERRUPTED, Header
from .result import Result
from .session import again, measure
from .source import Lost, Run, SensorError, Source, run_command
from .wire import plain
from .workload import Command, WorkloadError

_SYSTEM = Path("/")


def main(words: Optional[Sequence[str]] = None) -> int:  # noqa: UP045
    """Run; 1 with one line where something is wrong, 130 where interrupted."""
    options = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.action(options))
    except (SensorError, WorkloadError, OSError, ValueError) as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agent", description="Measure power and latency beside a workload.")
    verbs = parser.add_subparsers(required=True, dest="verb")
    _add_sources(verbs.add_parser("sources", help="list the power sensors"))
    _add_measure(verbs.add_parser("measure", help="measure a command"))
    analyse = verbs.add_parser("analyse", help="the result of a raw file")
    analyse.add_argument("raw", type=Path)
    analyse.set_defaults(action=_analyse)
    return parser


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=_root, default=_SYSTEM, help="where the file system starts")
    parser.add_argument("--i2c", action="append", default=[], metavar="BUS:ADDRESS:CHIP:OHMS")
    parser.set_defaults(action=_list)


def _add_measure(parser: argparse.ArgumentParser) -> None:
    defaults = Settings()
    _add_sources(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for raw.jsonl and result.json")
    parser.add_argument("--source", action="append", default=[], metavar="NAME", help="read this one only (repeatable)")
    parser.add_argument("--seconds", type=float, default=defaults.window_s, help="of a window (%(default)s)")
    parser.add_argument("--repeats", type=int, default=defaults.repeats, help="accepted ones (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=defaults.warm_up_s, help="seconds at least (%(default)s)")
    parser.add_argument("--cd", metavar="DIR", help="folder that the command runs in")
    parser.add_argument("--header", type=_header, default=Header(), metavar="JSON", help="kept in the result")
    parser.add_argument("words", nargs="+", help="the command, with {seconds} or {count}")
    parser.set_defaults(action=_measure)


def _found(options: argparse.Namespace) -> Found:
    found = discover(options.root, _runner(options.root))
    meters = read_once(map(open_i2c, options.i2c))
    every = unique([*meters.sources, *meters.lost, *found.sources, *found.lost])
    # A meter that a person names is what they want measured, and is missed where it cannot be read.
    own = [sensor_name(sensor) for sensor in every[: len(options.i2c)]]
    sources = [sensor for sensor in every if isinstance(sensor, Source)]
    found = Found(sources, [sensor for sensor in every if isinstance(sensor, Lost)])
    if options.verb == "sources":
        own = [name for name in own if any(source.traits.name == name for source in sources)]
    found = mark_total(found, [*getattr(options, "source", []), *own])
    # Who names sensors wants no others read: each costs time.
    wanted = [source for source in found.sources if source.traits.in_total]
    return Found(wanted, found.lost) if getattr(options, "source", []) else found


def _runner(root: Path) -> Run:
    """Commands are the machine's own; a tree of plain files has none."""
    return run_command if root == _SYSTEM else lambda words: None


def _root(text: str) -> Path:
    """The folder where the file system starts."""
    root = Path(text).resolve()
    if root != _SYSTEM and not (root / "sys").is_dir():
        raise argparse.ArgumentTypeError(f"{text}: should be a folder that holds sys/, as a file system does")
    return root


def _header(text: str) -> Header:
    """What the computer that asks knows."""
    try:
        return Header.from_json(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}; should be a JSON object such as {{}}") from None


def _list(options: argparse.Namespace) -> int:
    found = _found(options)
    sources = [source.traits for source in found.sources]
    print(json.dumps({"sources": sources, "unreadable": found.lost}, indent=1, default=plain))
    return 0


def _measure(options: argparse.Namespace) -> int:
    clock, found = SystemClock(), _found(options)
    workload = Command(options.words, clock, folder=options.cd)
    settings = Settings(options.seconds, options.repeats, options.warm_up)
    # Figures of a tree of plain files are no measurement, whatever the files say.
    fake = options.root != _SYSTEM
    where = f"{options.root}: holds" if fake else "this machine has"
    notes = [] if found.sources or found.lost else [f"{where} no power sensor"]
    header = replace(options.header, simulated=fake, notes=notes, unreadable=found.lost)
    run = _runner(options.root)
    result = measure(workload, found.sources, settings, clock, options.out, header, options.root, run, _say)
    return _print(result)


def _analyse(options: argparse.Namespace) -> int:
    return _print(again(options.raw))


def _print(result: Result) -> int:
    # On standard output, too: a full disk must not lose it.
    with contextlib.suppress(OSError):
        print(json.dumps(result, default=plain), flush=True)
    return 130 if result.status == INTERRUPTED else 0


def _say(text: str) -> None:
    # Who watched may be gone, such as a lost SSH connection: the measurement goes on.
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _interrupt(number: int, frame: Optional[FrameType]) -> None:  # noqa: UP045
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
