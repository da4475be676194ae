"""What is measured: anything that can be kept busy for some seconds and says how many inferences it made."""

from __future__ import annotations

import json
import math
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Protocol

from .clock import Clock
from .sampler import CLOCK_STEP_S

_FIRST_COUNT, _LEAST_TRIAL_S, _MOST = 1, 0.2, 0xFFFFFFFF
_MOST_TOLD = 1 << 62


class WorkloadError(Exception):
    """A workload that failed or said nothing of use."""


@dataclass(frozen=True)
class Work:
    """What a workload did.

    Attributes:
        inferences: how many.
        started, ended: monotonic seconds; without the time it took to start and stop.
        cycles: clock cycles of the fabric, where it counts them.
        doubt: why the times cannot be trusted, or "".
    """

    inferences: int
    started: float
    ended: float
    cycles: Optional[int] = None  # noqa: UP045
    doubt: str = ""

    @property
    def seconds(self) -> float:
        """How long it was busy."""
        return self.ended - self.started


class Workload(Protocol):
    """Keeps the board busy."""

    name: str

    def run(self, seconds: float) -> Work:
        """Be busy for about that long.

        Raises:
            WorkloadError: it failed.
        """


class Counted:
    """A driver that runs a number of inferences, such as `bench`, as a workload; it finds the number by itself.

    Args:
        name: what the result calls it.
        run: runs that many inferences; what it returns may have `cycles`.
        most: the greatest number it takes.
    """

    def __init__(self, name: str, run: Callable[[int], Any], clock: Clock, most: int = _MOST) -> None:
        self.name, self._run, self._clock, self._most = name, run, clock, most
        self._per_second = 0.0

    def run(self, seconds: float) -> Work:
        """One call with the number of inferences that takes that long.

        Raises:
            WorkloadError: the driver failed.
        """
        if not self._per_second:
            self._find_rate()
        return self._once(self._per_second * seconds)

    def _find_rate(self) -> None:
        count = float(_FIRST_COUNT)
        while self._once(count).seconds < _LEAST_TRIAL_S and count < self._most:
            count *= 8

    def _once(self, count: float) -> Work:
        number = min(max(1, round(count)), self._most)
        started = self._clock.now()
        try:
            answer = self._run(number)
        except Exception as error:
            raise WorkloadError(f"{self.name}: {error}") from error
        ended = self._clock.now()
        self._per_second = number / max(ended - started, 1e-9)
        return Work(number, started, ended, getattr(answer, "cycles", None))


class Command:
    """A program as a workload.

    Its words hold `{seconds}` or `{count}`. The last JSON object on its standard output says `inferences` and when:
    `started_monotonic` and `ended_monotonic`, or `started_unix` and `ended_unix`, or `seconds`, then taken to end with
    the program; and maybe `cycles`. They may lie under `loop`, as the ONNX runners write them.

    Args:
        words: the program and its arguments.
        name: what the result calls it; the words without one.
        folder: where it runs.

    Raises:
        WorkloadError: neither placeholder is there.
    """

    def __init__(self, words: Sequence[str], clock: Clock, name: str = "", folder: str | None = None) -> None:
        self.words, self._clock, self._folder = list(words), clock, folder
        self.name = name or " ".join(map(shlex.quote, words))
        self._counts = any("{count}" in word for word in words)
        self._per_second = 0.0
        if not self._counts and not any("{seconds}" in word for word in words):
            raise WorkloadError(f"{self.name}: should hold {{seconds}} or {{count}}, else it runs for no known time")

    def run(self, seconds: float) -> Work:
        """Run the program for that long.

        Raises:
            WorkloadError: it failed, or said nothing of use.
        """
        if self._counts and not self._per_second:
            count = float(_FIRST_COUNT)
            while self._once(0.0, count).seconds < _LEAST_TRIAL_S and count < _MOST:
                count *= 8
        return self._once(seconds, self._per_second * seconds)

    def _once(self, seconds: float, count: float) -> Work:
        number = min(max(1, round(count)), _MOST)
        words = [word.replace("{seconds}", f"{seconds:.3f}").replace("{count}", str(number)) for word in self.words]
        offset, began = self._clock.wall() - self._clock.now(), self._clock.now()
        try:
            done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, cwd=self._folder)
        except OSError as error:
            raise WorkloadError(f"{self.name}: {error.strerror}") from error
        ended = self._clock.now()
        if done.returncode != 0:
            raise WorkloadError(f"{self.name}: exit status {done.returncode}: {_last_line(done.stderr)}")
        moved = self._clock.wall() - ended - offset
        work = read_work(done.stdout.decode("utf-8", "replace"), offset, ended, moved, self.name, began)
        self._per_second = work.inferences / max(work.seconds, 1e-9)
        return work


def read_work(text: str, offset: float, ended: float, moved: float, name: str, began: float = -math.inf) -> Work:
    """What a program said it did.

    Args:
        text: its standard output.
        offset: time of day less monotonic time, when it started.
        ended: monotonic time when it ended.
        moved: how far the time of day has moved against the monotonic one meanwhile.
        began: monotonic time when it was started.

    Raises:
        WorkloadError: there is no JSON object, it lacks what must be there, or it says what cannot be.
    """
    said = _last_object(text)
    said = said.get("loop", said) if isinstance(said.get("loop", said), dict) else said
    try:
        inferences, cycles = int(said["inferences"]), said.get("cycles")
        cycles = None if cycles is None else int(cycles)
        start, end, doubt = _times(said, offset, ended, moved)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise WorkloadError(
            f"{name}: should print a JSON object with inferences, and started_monotonic and ended_monotonic or seconds"
        ) from None
    if not (1 <= inferences <= _MOST_TOLD and 0 < end - start < math.inf):
        raise WorkloadError(f"{name}: says {inferences} inferences in {end - start:g} s")
    if cycles is not None and not 1 <= cycles <= _MOST_TOLD:
        raise WorkloadError(f"{name}: says {cycles} cycles for {inferences} inferences")
    if not doubt and not began - CLOCK_STEP_S <= start < end <= ended + CLOCK_STEP_S:
        raise WorkloadError(f"{name}: says it was busy for {end - start:g} s, which is not within the time it ran")
    return Work(inferences, start, end, cycles, doubt)


def _times(said: Mapping[str, Any], offset: float, ended: float, moved: float) -> tuple[float, float, str]:
    if "started_monotonic" in said:
        return float(said["started_monotonic"]), float(said["ended_monotonic"]), ""
    if "started_unix" in said:
        doubt = f"the time of day stepped by {moved:.2f} s meanwhile" if abs(moved) > CLOCK_STEP_S else ""
        return float(said["started_unix"]) - offset, float(said["ended_unix"]) - offset, doubt
    return ended - float(said["seconds"]), ended, ""


def _last_object(text: str) -> Mapping[str, Any]:
    """The last JSON object of a text: a line of its own, or all that follows a line that begins with a brace."""
    for found in reversed(list(re.finditer(r"^\{", text, re.MULTILINE))):
        try:
            value = json.JSONDecoder().raw_decode(text, found.start())[0]
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return {}


def _last_line(raw: bytes) -> str:
    lines = raw.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "no message"
