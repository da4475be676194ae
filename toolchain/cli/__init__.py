"""The `gateweave` command."""

from __future__ import annotations

import sys

from toolchain.console import fail
from toolchain.errors import GateweaveError

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; an error a person can mend is one line and exit status 1."""
    from toolchain.cli.app import app

    try:
        app()
    except GateweaveError as error:
        fail(error)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
