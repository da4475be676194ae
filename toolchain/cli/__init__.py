"""The `gateweave` command."""

from __future__ import annotations

import os
import sys

from toolchain.console import fail
from toolchain.errors import BuildError, GateweaveError
from toolchain.streams import make_sturdy

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; an error a person can mend is one line and exit status 1."""
    make_sturdy()
    try:
        _run()
    except GateweaveError as error:
        fail(error)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _run() -> None:
    from toolchain.cli.app import app
    from toolchain.cli.home import give_home

    give_home()
    try:
        app()
    except OSError as error:
        raise BuildError(_words(error)) from error


def _words(error: OSError) -> str:
    """What the system refused, and where."""
    if error.filename is None:
        return f"the system says: {error.strerror or error}"
    return f"{os.fsdecode(error.filename)}: {error.strerror}"
