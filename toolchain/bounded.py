"""Work on files that nobody vouches for, in a process of its own with bounded memory and time.

A file of a few bytes can ask for terabytes, or loop without end, and a native library may crash on it. The process that
asked goes on, with one line that says what happened.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from toolchain.errors import GateweaveError, ModelError

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Bounds:
    """What work may take.

    Attributes:
        memory: bytes, beyond those that the process had when it began.
        seconds: on the clock.
    """

    memory: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.memory / (1 << 30):.1f} GiB of memory and {self.seconds:g} s"


class OutOfBoundsError(ModelError):
    """Work that took more than its bounds, or crashed."""


class WorkError(RuntimeError):
    """An internal fault in the process that worked; its traceback went to this one's stderr."""


def bounded(name: str, work: Callable[[], T], bounds: Bounds) -> T:
    """What `work` returns, from a copy of this process that is ended when it takes too much.

    The result and any `GateweaveError` come back as copies; files that the work writes stay.

    Args:
        name: says in errors what was done.

    Raises:
        GateweaveError: what the work raised.
        OutOfBoundsError: it took more than `bounds`, or crashed.
        OSError: it raised one.
        WorkError: it raised anything else.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(name, work, bounds, there))
    child.start()
    there.close()
    try:
        if not here.poll(bounds.seconds):
            raise OutOfBoundsError(f"{name} takes more than {bounds.seconds:g} s{_but_little(child.pid, bounds)}")
        good, answer = here.recv()
    except EOFError as error:
        child.join()
        end = _end(child.exitcode or 0)
        raise OutOfBoundsError(
            f"{name} ended by {end}: it asks for more than {bounds}, or crashes its reader"
        ) from error
    finally:
        child.kill()
        child.join()
        here.close()
    if good:
        result: T = answer
        return result
    raise answer if isinstance(answer, Exception) else WorkError(answer)


def die_with_parent() -> None:
    """Have this process killed when the one that started it ends, however that comes about."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _child(name: str, work: Callable[[], Any], bounds: Bounds, answer: Connection) -> None:
    die_with_parent()
    # The one that waits is interrupted, too, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(bounds)
    try:
        result: tuple[bool, Any] = (True, work())
    except GateweaveError as error:
        result = (False, error)
    except MemoryError:
        result = (False, OutOfBoundsError(f"{name} asks for more than {bounds.memory / (1 << 30):.1f} GiB of memory"))
    except OSError as error:
        traceback.print_exc()
        result = (False, OSError(error.errno, error.strerror or str(error)))
    except Exception as error:
        traceback.print_exc()
        result = (False, f"{type(error).__name__}: {error}")
    answer.send(result)


def _limit(bounds: Bounds) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    memory = pages * os.sysconf("SC_PAGE_SIZE") + bounds.memory
    # All its threads' together; without a clock of its own only where the one that waits has gone.
    seconds = int(bounds.seconds + 1) * (os.cpu_count() or 1)
    # Processes that the work starts have the same bounds.
    for what, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard if what == resource.RLIMIT_CPU else allowed))


def _but_little(pid: int | None, bounds: Bounds) -> str:
    """What to do where a process took its time without getting much of the processor."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    seconds = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    if seconds > bounds.seconds / 2:
        return ""
    return f", and got {seconds:.1f} s of the processor: try again when this computer is less busy"


def _end(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
