"""Holds a package against its manifest; what is checked stands in `toolchain.device.intact`."""

from pathlib import Path
from typing import Any, Dict

from toolchain.device import intact
from toolchain.errors import BuildError

WORK = intact.WORK


def verify(package: Path) -> Dict[str, Any]:
    """Hold all that lies below a package against `manifest.json`; returns the manifest.

    Raises:
        BuildError: a file is altered, missing or extra, or there is no intact manifest.
    """
    try:
        return intact.verify(str(package))
    except intact.DamagedError as error:
        raise BuildError(str(error)) from None
