"""Installs the package's wheels beside it without pip, network or root: a wheel is a zip of what goes on the path."""

import shutil
import zipfile
from pathlib import Path
from typing import Any, List, Mapping, Sequence

from toolchain.errors import BuildError

from .seal import sha256

SITE = "site"
_DONE = "installed.txt"


def install(wheels: Sequence[Path], work: Path) -> Path:
    """Unpack wheels to `work/site`, once; returns that folder, to be put on Python's path.

    Raises:
        BuildError: a wheel is damaged, or there is no room.
    """
    site, mark = work / SITE, work / _DONE
    wanted = "".join(f"{sha256(wheel)}  {wheel.name}\n" for wheel in wheels)
    if mark.is_file() and mark.read_text() == wanted:
        return site
    shutil.rmtree(str(site), ignore_errors=True)
    if mark.exists():
        mark.unlink()
    for wheel in wheels:
        unpack(wheel, site)
    mark.write_text(wanted)
    return site


def unpack(wheel: Path, site: Path) -> None:
    """Unpack one wheel, which must not reach outside of the folder.

    Raises:
        BuildError: the file is no intact wheel, or cannot be written out.
    """
    try:
        site.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(str(wheel)) as archive:
            _must_stay_inside(wheel, archive.namelist())
            archive.extractall(str(site))
    except zipfile.BadZipFile:
        raise BuildError(f"{wheel}: is no intact wheel; copy the package again") from None
    except OSError as error:
        raise BuildError(f"{site}: cannot unpack {wheel.name}: {error.strerror}; free some disk space") from error


def packed_wheels(package: Path, device: Mapping[str, Any]) -> List[Path]:
    """The wheels that the package holds; empty where it was built without them."""
    return [package / "wheels" / wheel["file"] for wheel in device["wheels"] if wheel["packed"]]


def _must_stay_inside(wheel: Path, names: Sequence[str]) -> None:
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            raise BuildError(f"{wheel}: {name}: reaches outside of its folder; this is no wheel of ours")
