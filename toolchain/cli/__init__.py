"""The `gateweave` command."""

from __future__ import annotations

import os
import sys

from toolchain.console import fail
from toolchain.errors import BuildError, GateweaveError, UsageError
from toolchain.streams import make_sturdy

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; an error a person can mend is one line and exit status 1, or 2 where it was typed."""
    make_sturdy()
    try:
        sys.exit(_run())
    except UsageError as error:
        fail(error)
        sys.exit(EXIT_USAGE)
    except GateweaveError as error:
        fail(error)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _run() -> int:
    """The exit status."""
    from typer.exceptions import TyperException

    from toolchain.cli.app import app
    from toolchain.cli.home import give_home
    from toolchain.cli.usage import explained, must_name_something

    give_home()
    must_name_something(sys.argv[1:])
    try:
        return int(app(prog_name="gateweave", standalone_mode=False) or 0)
    except TyperException as error:
        raise UsageError(explained(error)) from error
    except OSError as error:
        raise BuildError(_words(error)) from error


def _words(error: OSError) -> str:
    """What the system refused, and where."""
    if error.filename is None:
        return f"the system says: {error.strerror or error}"
    return f"{os.fsdecode(error.filename)}: {error.strerror}"
