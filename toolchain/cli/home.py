"""A home for the tools' caches where the person has none that can be written."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from toolchain.files import can_be_written
from toolchain.layout import build_root


def give_home() -> None:
    """Let this process and its children keep their caches in the folder of all builds, where there is no better place.

    A service, a container or another's `sudo` may have no home folder, or none of its own; PyTorch, Matplotlib and
    the FPGA tools then fail in their own ways. A user without an entry in the list of users gets a name, too.
    """
    if not _usable(os.path.expanduser("~")):
        home = _other_home()
        os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = str(home)
        os.environ["MPLCONFIGDIR"] = str(home / "matplotlib")
    if not any(os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")) and not _is_listed():
        os.environ["USER"] = f"uid{os.getuid()}"


def _other_home() -> Path:
    """In the folder of all builds; where that is read-only, one that goes away with this process."""
    home = build_root() / ".home"
    if can_be_written(home):
        return home
    home = Path(tempfile.mkdtemp(prefix="gateweave-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def _usable(home: str) -> bool:
    return os.path.isdir(home) and os.access(home, os.W_OK | os.X_OK)


def _is_listed() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True
