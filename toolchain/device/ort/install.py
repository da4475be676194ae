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
_SHOWN = 5


def install(wheels: Sequence[Path], work: Path) -> Path:
    """Unpack wheels to `work/site`, unless it holds what they do; returns that folder, to be put on Python's path.

    The wheels have their checksums in the package; what lies unpacked is held against them at every start.

    Raises:
        BuildError: a wheel is damaged, there is no room, or something else lies there: see `must_be_installed`.
    """
    site = work / SITE
    if must_be_installed(wheels, work):
        return site
    # What was broken off lies beside its place, and never looks like something that was planted.
    begun = work / (SITE + ".part")
    shutil.rmtree(str(begun), ignore_errors=True)
    for wheel in wheels:
        unpack(wheel, begun)
    os.rename(str(begun), str(site))
    return site


def must_be_installed(wheels: Sequence[Path], work: Path) -> bool:
    """Whether `work/site` is there; it then holds what the wheels do, and nothing else.

    Raises:
        BuildError: it holds something else, which is never imported and may be an attack.
    """
    site = work / SITE
    if not os.path.lexists(str(site)):
        return False
    wanted = _contents(wheels)
    found = _installed(site)
    if wanted is not None and found != wanted:
        strange = sorted(name for name in {**found, **wanted} if found.get(name) != wanted.get(name))
        raise BuildError(
            f"{site}: is not as this package installs it: {_some(strange)}; none of it was run. Find out where it "
            "comes from, then remove the folder and start again"
        )
    return wanted is not None


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _installed(site: Path) -> Dict[str, str]:
    """SHA-256 of each file below a folder; what is neither file nor folder, and a link in its place, has none."""
    if site.is_symlink() or not site.is_dir():
        return {str(site): ""}
    try:
        return intact.hashes(str(site))
    except intact.DamagedError as error:
        return {str(error): ""}


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
