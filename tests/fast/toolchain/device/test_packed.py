"""What devices read of a manifest is what the manifest has, key by key."""

from __future__ import annotations

import typing

import pytest

from toolchain.device import packed
from toolchain.results.facts.hardware import Identity
from toolchain.results.manifest import FinnStream, HostLink, Manifest, Timing
from toolchain.results.model import Record


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (packed.PackedManifest, Manifest),
        (packed.PackedIdentity, Identity),
        (packed.PackedLink, HostLink),
        (packed.PackedTiming, Timing),
        (packed.PackedStream, FinnStream),
    ],
)
def test_every_key_that_is_read_is_one_that_is_written(read: type, written: type[Record]) -> None:
    assert set(typing.get_type_hints(read)) <= set(written.model_fields)
