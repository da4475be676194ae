"""A model of a board at a pseudo-terminal, for programs that open a port of their own."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from tests.doubles.uart_board import TIMEOUT_US, UartBoard


@contextmanager
def at_terminal(board: UartBoard) -> Iterator[str]:
    """The port at which a board answers for the time of a `with`. A break is no byte there: the board sees none."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            silent = not select.select([master], [], [], 1e-6 * TIMEOUT_US)[0]
            if not silent:
                board.write(os.read(master, 4096))
            # A frame may come in pieces: no time passes between them.
            os.write(master, board.read(1e-6 * TIMEOUT_US if silent else 0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        thread.join()
        os.close(slave)
        os.close(master)
