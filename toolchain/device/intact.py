"""Is a package as it was packed? Every file, link and folder below it is held against its manifest.

Standard library only, Python 3.6 or newer, and one file: a package's programs read it as source, before anything of the
package can be imported. A cached module, a link or a folder that was put beside the packed files is found here first.
"""

import hashlib
import json
import os
import re
import stat
import sys
from contextlib import suppress
from typing import Any, Dict, Iterable, Iterator, Mapping, Tuple

MANIFEST = "manifest.json"
LIB = "lib"
WORK = "work"
"""Folder of a package that its own programs write to; what is imported from it is held against its source first."""

_OWN = "content_digest"
_SHOWN = 5
_LARGEST = 16 << 20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")


class DamagedError(Exception):
    """The package is not as it was packed; the message says what differs, in one line."""


def open_lib(folder: str) -> None:
    """Check the whole package, then let its own `lib/` be imported from, and nothing be cached in it.

    Raises:
        DamagedError: see `verify`.
    """
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    verify(folder)
    sys.path.insert(0, os.path.join(folder, LIB))


def start(folder: str) -> None:
    """What a program of a package does first: as `open_lib`, but a damaged package ends it with one line."""
    try:
        open_lib(folder)
    except DamagedError as error:
        sys.exit(f"error: {error}")


def uncache(spec: Any) -> None:
    """Remove the cached copy that Python made of a program of a package as it was imported: it would be an extra file.

    Args:
        spec: the program's `__spec__`; None where it was started and not imported.
    """
    cached = spec.cached if spec else None
    # With PYTHONPYCACHEPREFIX it lies elsewhere, and harms nothing.
    if cached and os.path.dirname(os.path.dirname(cached)) == os.path.dirname(spec.origin):
        with suppress(OSError):
            os.remove(cached)
            os.rmdir(os.path.dirname(cached))


def verify(folder: str) -> Dict[str, Any]:
    """Hold all that lies below a package against its manifest; returns the manifest.

    Raises:
        DamagedError: a file is altered, missing or extra, something else lies there, or the manifest is damaged.
    """
    manifest = read(folder)
    packed = manifest["files"]
    found = dict(_entries(folder, packed, MANIFEST, WORK))
    faults = {
        "altered": [name for name in packed if found.get(name, packed[name]) != packed[name]],
        "missing": [name for name in packed if name not in found],
        "extra": [name for name in found if name not in packed],
    }
    if any(faults.values()):
        named = "; ".join(f"{fault}: {_some(names)}" for fault, names in faults.items() if names)
        raise DamagedError(f"{folder}: not as it was packed: {named}; copy the package again")
    return manifest


def hashes(folder: str, own_file: str = "") -> Dict[str, str]:
    """SHA-256 of every file below a folder, by name.

    Args:
        own_file: a file in the folder itself that does not count.

    Raises:
        DamagedError: something else than files and folders lies there, or cannot be read.
    """
    found = dict(_entries(folder, None, own_file, ""))
    other = [name for name, digest in found.items() if not digest]
    if other:
        raise DamagedError(f"{folder}: {_some(other)}: only files belong into a package")
    return found


def read(folder: str) -> Dict[str, Any]:
    """The manifest of a package, not yet held against its files; every name in it that becomes a path is safe.

    Raises:
        DamagedError: there is none, or it is damaged.
    """
    path = os.path.join(folder, MANIFEST)
    manifest = _json(folder, path)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or _OWN not in manifest:
        old = ", as one of an older version" if isinstance(manifest, dict) and "seal" in manifest else ""
        raise DamagedError(f"{path}: holds no SHA-256 of files and of itself{old}; build or copy the package again")
    if manifest[_OWN] != digest_of(manifest):
        raise DamagedError(f"{path}: was altered after packing (its own SHA-256 differs); copy the package again")
    _check_names(path, manifest)
    return manifest


def digest_of(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without its own."""
    content = {key: value for key, value in manifest.items() if key != _OWN}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def checked_name(what: str, text: object) -> str:
    """A name that becomes part of a path or of a command on another machine.

    Raises:
        DamagedError: it has other signs than letters, digits and ``_ . + -``, or begins with a dot or a dash.
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise DamagedError(f"{what} {str(text)[:80]!r}: is no plain name (letters, digits and _ . + -)")
    return text


def _check_names(path: str, manifest: Mapping[str, Any]) -> None:
    try:
        for key in ("board", "model", "variant"):
            if key in manifest:
                checked_name(key, manifest[key])
        roles = manifest.get("roles", {})
        if not isinstance(roles, dict):
            raise DamagedError("roles: a mapping is expected")
        for name in [*manifest["files"], *roles.values()]:
            _check_path(name)
        if not all(isinstance(digest, str) for digest in manifest["files"].values()):
            raise DamagedError("files: a SHA-256 is expected for each")
    except DamagedError as error:
        raise DamagedError(f"{path}: {error}; build or copy the package again") from None


def _check_path(name: object) -> None:
    parts = name.split("/") if isinstance(name, str) else [""]
    if any(part in ("", ".", "..") or not part.isprintable() or "\\" in part for part in parts):
        raise DamagedError(f"{str(name)[:80]!r}: is no path inside the package")


def _json(folder: str, path: str) -> Any:
    try:
        if os.path.islink(path) or not stat.S_ISREG(os.stat(path).st_mode):
            raise DamagedError(f"{path}: is no plain file; copy the package again")
        if os.path.getsize(path) > _LARGEST:
            raise DamagedError(f"{path}: more than {_LARGEST >> 20} MiB; this is no manifest")
        with open(path, "rb") as stream:
            return json.loads(stream.read().decode("utf-8"))
    except FileNotFoundError:
        raise DamagedError(f"{folder}: no {MANIFEST}; this is no package, or it was not copied whole") from None
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise DamagedError(f"{path}: cannot be read ({reason}); copy the package again") from None


def _entries(folder: str, packed: Any, own_file: str, own_folder: str) -> Iterator[Tuple[str, str]]:
    """Name and SHA-256 of each file; no digest for links, special files and folders that hold no packed file."""
    for parent, folders, files in os.walk(folder, onerror=_cannot_list):
        inside = os.path.relpath(parent, folder).replace(os.sep, "/")
        prefix = "" if inside == "." else inside + "/"
        if not prefix:
            folders[:] = [n for n in folders if n != own_folder or os.path.islink(os.path.join(parent, n))]
        for name in sorted(folders):
            if os.path.islink(os.path.join(parent, name)):
                yield prefix + name, ""
            elif packed is not None and not any(file.startswith(prefix + name + "/") for file in packed):
                yield prefix + name + "/", ""
        for name in sorted(files):
            if prefix or name != own_file:
                yield prefix + name, _sha256(os.path.join(parent, name))


def _cannot_list(error: OSError) -> None:
    raise DamagedError(f"{error.filename}: cannot be read ({error.strerror}); copy the package again")


def _sha256(path: str) -> str:
    """SHA-256 of a plain file; empty for anything else."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
        digest = hashlib.sha256()
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        raise DamagedError(f"{path}: cannot be read ({error.strerror}); copy the package again") from None


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(name if name.isprintable() else ascii(name) for name in listed[:_SHOWN]) + more
