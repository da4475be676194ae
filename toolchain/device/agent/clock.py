"""Time, and what happens at regular times; tests put a simulated clock in their place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What the agent asks of time.

    `now` is monotonic, in seconds; `wall` is the time of day in seconds since 1970, which may step.
    """

    def now(self) -> float:
        """Monotonic seconds."""

    def wall(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""

    def start(self, period: float, poll: Callable[[], None]) -> None:
        """Call `poll` every `period` seconds from now on, beside whatever else happens."""

    def stop(self) -> None:
        """Stop calling, and wait for a call that is under way."""


class SystemClock:
    """The machine's own time; polls from a thread."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        if seconds > 0:
            time.sleep(seconds)

    def start(self, period: float, poll: Callable[[], None]) -> None:
        """Poll from a thread until `stop`."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._loop, args=(period, poll), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            self._thread = None

    def _loop(self, period: float, poll: Callable[[], None]) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            poll()
            # What is late is skipped, not caught up with.
            due = max(due + period, time.monotonic())
            self._ending.wait(due - time.monotonic())
