"""Installs the package's wheels beside it without pip, network or root: a wheel is a zip of what goes on the path."""

import errno
import hashlib
import os
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from toolchain.device import intact
from toolchain.errors import BuildError

SITE = "site"


def install(wheels: Sequence[Path], work: Path) -> Path:
    """Unpack wheels to `work/site`, unless it holds just what they do; returns that folder, to be put on Python's path.

    The wheels are sealed with the package; what lies unpacked is held against them at every start.

    Raises:
        BuildError: a wheel is damaged, or there is no room.
    """
    site = work / SITE
    wanted = _contents(wheels)
    if wanted is not None and _installed(site) == wanted:
        return site
    if site.is_symlink():
        site.unlink()
    shutil.rmtree(str(site), ignore_errors=True)
    for wheel in wheels:
        unpack(wheel, site)
    return site


def _installed(site: Path) -> Optional[Dict[str, str]]:
    """SHA-256 of each file below a folder; None where there is no folder, or something else lies in it, too."""
    if site.is_symlink() or not site.is_dir():
        return None
    try:
        return intact.hashes(str(site))
    except intact.DamagedError:
        return None


def _contents(wheels: Sequence[Path]) -> Optional[Dict[str, str]]:
    """SHA-256 of each file in the wheels, by name, the last of two as when they are unpacked; None: one is damaged."""
    found: Dict[str, str] = {}
    for wheel in wheels:
        try:
            with zipfile.ZipFile(str(wheel)) as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                found.update((os.path.normpath(name), hashlib.sha256(archive.read(name)).hexdigest()) for name in names)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
            return None  # `unpack` says what is wrong with it.
    return found


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
        mend = "; free some disk space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise BuildError(f"{site}: cannot unpack {wheel.name}: {error.strerror}{mend}") from error


def packed_wheels(package: Path, device: Mapping[str, Any]) -> List[Path]:
    """The wheels that the package holds; empty where it was built without them."""
    return [package / "wheels" / wheel["file"] for wheel in device["wheels"] if wheel["packed"]]


def _must_stay_inside(wheel: Path, names: Sequence[str]) -> None:
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            raise BuildError(f"{wheel}: {name}: reaches outside of its folder; this is no wheel of ours")
