"""A home for the tools' caches where the person has none that can be written."""

from __future__ import annotations

import os
import pwd

from toolchain.layout import build_root


def give_home() -> None:
    """Let this process and its children keep their caches in the folder of all builds, where there is no better place.

    A service, a container or another's `sudo` may have no home folder, or none of its own; PyTorch, Matplotlib and
    the FPGA tools then fail in their own ways. A user without an entry in the list of users gets a name, too.
    """
    if not _usable(os.path.expanduser("~")):
        os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = str(build_root() / ".home")
        os.environ["MPLCONFIGDIR"] = str(build_root() / ".home" / "matplotlib")
    if not any(os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")) and not _is_listed():
        os.environ["USER"] = f"uid{os.getuid()}"


def _usable(home: str) -> bool:
    return os.path.isdir(home) and os.access(home, os.W_OK | os.X_OK)


def _is_listed() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True
