"""Work in a bounded process: its result and errors come back; what takes too much, or crashes, is one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from toolchain.bounded import Bounds, WorkError, bounded, die_with_parent
from toolchain.errors import DataError, ModelError

SMALL = Bounds(256 << 20, 2)


def _data_error() -> None:
    raise DataError("x.npz: no")


def _no_space() -> None:
    raise OSError(28, "No space left on device")


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_result_and_errors_come_back() -> None:
    assert bounded("work", lambda: {"answer": os.getpid() != 0}, SMALL) == {"answer": True}
    assert bounded("work", os.getpid, SMALL) != os.getpid()
    with pytest.raises(DataError, match=r"^x\.npz: no$"):
        bounded("work", _data_error, SMALL)
    with pytest.raises(OSError, match="No space left") as caught:
        bounded("work", _no_space, SMALL)
    assert caught.value.errno == 28
    with pytest.raises(WorkError, match="ZeroDivisionError"):
        bounded("work", lambda: 1 // 0, SMALL)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: np.ones(1 << 30).sum(), r"work asks for more than 0\.2 GiB of memory"),
        (lambda: time.sleep(60), r"work takes more than 2 s, and got 0\.\d s of the processor: try again when"),
        (lambda: [None for _ in iter(int, 1)], "work (takes|asks for|ended by).* more than"),
        (_crash, r"work ended by SIGSEGV: it asks for more than 0\.2 GiB of memory and 2 s, or crashes its reader"),
    ],
)
def test_what_takes_too_much_is_ended(work: Callable[[], object], message: str) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        bounded("work", work, SMALL)
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)


def test_what_the_work_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "child"

    def work() -> None:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=die_with_parent)
        mark.write_text(str(child.pid))
        child.wait()

    with pytest.raises(ModelError, match="takes more than 1 s"):
        bounded("work", work, Bounds(256 << 20, 1))
    child = Path(f"/proc/{mark.read_text()}/stat")
    for _ in range(50):
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child goes on")
