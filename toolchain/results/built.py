"""The manifest of a build's own package, as the build wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.device.checksums import MANIFEST, read_manifest
from toolchain.errors import BuildError
from toolchain.files import sha256
from toolchain.layout import Layout
from toolchain.results.again import build_command
from toolchain.results.manifest import Manifest
from toolchain.results.model import parse
from toolchain.results.record import read_record


def read_built(layout: Layout) -> Manifest:
    """The manifest of the package, held against its own digest, its schema and the record of the stage that wrote it.

    Raises:
        BuildError: there is none, it cannot be read, it was altered after the build, or an older version wrote it.
    """
    path = layout.stage("package") / MANIFEST
    return parse(built_manifest(layout), Manifest, str(path), build_command(layout.request))


def built_manifest(layout: Layout) -> Mapping[str, Any]:
    """The same as plain JSON, for pages that show what they can of any version.

    Raises:
        BuildError: there is none, it cannot be read, or it was altered after the build.
    """
    path = layout.stage("package") / MANIFEST
    if not path.exists():
        raise BuildError(f"{path}: no manifest that can be read; run `{build_command(layout.request)}` first")
    manifest = read_manifest(path.parent)
    wanted = _recorded(layout)
    if wanted is not None and sha256(path) != wanted:
        raise BuildError(f"{path}: was altered after the build wrote it; run `make build` again")
    return manifest


def _recorded(layout: Layout) -> str | None:
    """SHA-256 of the manifest in the stage's record; None where there is no record to ask."""
    try:
        outputs = read_record(layout, "package").outputs
    except BuildError:
        return None
    return outputs.get(str(layout.stage("package").relative_to(layout.root) / MANIFEST))
