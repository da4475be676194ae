"""A package as this computer reads it: held against its hashes, and its manifest against the schema."""

from __future__ import annotations

from pathlib import Path

from toolchain.device.checksums import MANIFEST, verify_package
from toolchain.results.device import DEVICE, DeviceDescription
from toolchain.results.manifest import Manifest
from toolchain.results.model import parse, read_file


def read_package(folder: Path) -> Manifest:
    """The manifest of a package whose files are all as they were packed.

    Raises:
        OtherVersionError: another version of Gateweave packed it.
        BuildError: a file is altered, missing or extra, or the manifest is damaged or none.
    """
    return parse(verify_package(folder), Manifest, str(folder / MANIFEST), "make build")


def read_device(folder: Path) -> DeviceDescription:
    """`device.json` of a package for ONNX Runtime.

    Raises:
        BuildError: it is missing, or another version of Gateweave wrote it.
    """
    return read_file(folder / DEVICE, DeviceDescription, "make build")
