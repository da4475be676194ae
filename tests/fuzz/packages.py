"""Packages that somebody changed: flipped bits, planted files and links, manifests of hostile words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.fast.toolchain.report.page.conftest import fabricate
from toolchain.device.checksums import MANIFEST, must_be_bitstream, package_name, verify_package, write_manifest
from toolchain.device.ort import checksums as device_checksums
from toolchain.errors import BuildError, GateweaveError
from toolchain.layout import Request
from toolchain.package.amd.content import write_driver
from toolchain.places.place import Here
from toolchain.report.page.render import build_page
from toolchain.report.show import report_of
from toolchain.results.built import built_manifest

NAME = "altered packages"

Random = np.random.Generator
_HOSTILE: list[Any] = ["", "..", "../../elsewhere", "-rf", "a b", "a\n", "\x00", "[/b]", "<b>", "é", "/etc", "x" * 500]
_HOSTILE += [None, True, -1, 1e308, float("nan"), 10**400, [], {}, [[]], {"a": {}}]
_PLANTED = [
    "json.py",
    "hashlib.py",
    "lib/numpy.py",
    "lib/toolchain/__pycache__/errors.cpython-311.pyc",
    "a/b/c",
    ".hidden",
]


def once(rng: Random, folder: Path) -> None:
    """One change; it must be refused by every reader, or leave nothing but words that can be shown."""
    (_harmed, _harmed, _written_anew)[rng.integers(3)](rng, folder)


def _harmed(rng: Random, folder: Path) -> None:
    """A package whose content is not what its manifest says: refused on both sides, and nothing of it runs."""
    package = _package(folder)
    before = _tree(package)
    (_flip, _plant, _link, _drop)[rng.integers(4)](rng, package)
    if _tree(package) == before:
        return
    for check in (verify_package, device_checksums.verify):
        _must_refuse(check, package)
    if rng.random() < 0.1:
        _program_refuses(package)


def _written_anew(rng: Random, folder: Path) -> None:
    """A manifest of hostile words with a digest that fits: no path leads outside, nothing ends in a traceback."""
    package = _package(folder)
    manifest = json.loads((package / MANIFEST).read_text())
    _change(rng, manifest)
    _with_digest(package, manifest)
    for read in (verify_package, device_checksums.verify):
        _refused_or_fine(lambda read=read: _use(read(package), folder / "elsewhere" / "home"))  # type: ignore[misc]
    assert sorted(path.name for path in (folder / "elsewhere").rglob("*") if path.is_file()) in ([], ["kept"])
    _shown(rng, folder)


def _package(folder: Path) -> Path:
    package = folder / "package"
    package.mkdir()
    write_driver(package)
    (package / "vectors.bin").write_bytes(bytes(range(256)))
    elsewhere = folder / "elsewhere"
    (elsewhere / "home").mkdir(parents=True)
    identity = {"model_hash": "aa" * 8, "build_id": "bb" * 8}
    roles = {"bitstream": "vectors.bin"}
    said = {"board": "zcu104", "model": "cqmlp", "variant": "default-folded", "flow": "dataflow", "status": "bitstream"}
    write_manifest(package, {**said, "identity": identity, "roles": roles, "clock_mhz": 100.0})
    return package


def _tree(package: Path) -> list[tuple[str, bytes | str]]:
    def content(path: Path) -> bytes | str:
        if path.is_symlink():
            return f"-> {os.readlink(path)}"
        return path.read_bytes() if path.is_file() else "folder"

    return [(str(path.relative_to(package)), content(path)) for path in sorted(package.rglob("*"))]


def _files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file() and not path.is_symlink())


def _flip(rng: Random, package: Path) -> None:
    path = _files(package)[rng.integers(len(_files(package)))]
    content = bytearray(path.read_bytes())
    if content:
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    # White space of JSON is no content: the manifest would still say the same.
    if path.name != MANIFEST or not _same_json(bytes(content), path.read_bytes()):
        path.write_bytes(content)


def _same_json(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _plant(rng: Random, package: Path) -> None:
    path = package / _PLANTED[rng.integers(len(_PLANTED))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"raise SystemExit('PLANTED')\n")


def _link(rng: Random, package: Path) -> None:
    path = package / ("numpy", "lib/json", "work", "lib/toolchain/new.py")[rng.integers(4)]
    path.symlink_to((package.parent, package / "lib", Path("/dev/zero"), Path("nowhere"))[rng.integers(4)])


def _drop(rng: Random, package: Path) -> None:
    files = _files(package)
    files[rng.integers(len(files))].unlink()


def _change(rng: Random, manifest: dict[str, Any]) -> None:
    """Put something hostile in the place of a value or a name, anywhere."""
    place: Any = manifest
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = keys[rng.integers(len(keys))]
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            place = inner
            continue
        hostile = _HOSTILE[rng.integers(len(_HOSTILE))]
        if isinstance(place, dict) and isinstance(hostile, str) and rng.random() < 0.3:
            place[hostile] = place.pop(key)
        else:
            place[key] = hostile
        return


def _with_digest(package: Path, manifest: dict[str, Any]) -> None:
    from toolchain.device import intact

    (package / MANIFEST).write_text(json.dumps(manifest))
    whole = json.loads((package / MANIFEST).read_text())
    (package / MANIFEST).write_text(json.dumps({**whole, "content_digest": intact.digest_of(whole)}))


def _use(manifest: dict[str, Any], home: Path) -> None:
    """What is done with the words of a manifest: a folder of its name is made, elsewhere."""
    must_be_bitstream(home, manifest)
    (home / "sent").mkdir(exist_ok=True)
    (home / "sent" / "kept").touch()
    Here(home / "there").deploy(home / "sent", package_name(manifest))
    shutil.rmtree(home / "there")


def _shown(rng: Random, folder: Path) -> None:
    layout = fabricate(folder / "builds", Request("ulx3s", "cqmlp"))
    package = layout.stage("package")
    manifest = json.loads((package / MANIFEST).read_text())
    _change(rng, manifest)
    _with_digest(package, manifest)
    for read in (built_manifest, report_of, build_page):
        _refused_or_fine(lambda read=read: read(layout))  # type: ignore[misc]


def _must_refuse(check: Callable[[Path], object], package: Path) -> None:
    try:
        check(package)
    except BuildError:
        return
    raise AssertionError(f"{check.__module__} takes an altered package")


def _refused_or_fine(work: Callable[[], object]) -> None:
    try:
        work()
    except GateweaveError as error:
        assert str(error).strip()


def _program_refuses(package: Path) -> None:
    """The package's own program says what is wrong in one line, and runs nothing of it."""
    command = [sys.executable, "-S", str(package / "driver.py"), "identify"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "PLANTED" not in said
    assert "Traceback" not in said, said
