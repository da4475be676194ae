"""Whether a run or a measurement was taken from a build: the one rule, which `show` and the pages go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from toolchain.files import sha256
from toolchain.layout import Layout


class Marks(NamedTuple):
    """What a build is known by, the surest first; None or empty where it has no such mark."""

    build_id: str | None
    content_digest: str | None
    variant: str | None
    manifest_sha256: str | None
    model_hash: str | None


def marks_of(layout: Layout, manifest: Mapping[str, Any]) -> Marks:
    """The marks of a build whose package has this manifest, as plain JSON of any version."""
    identity = manifest.get("identity")
    known = identity if isinstance(identity, Mapping) else {}
    digest = sha256(layout.stage("package") / "manifest.json")
    marks = (
        known.get("build_id"),
        manifest.get("content_digest"),
        layout.request.variant,
        digest,
        known.get("model_hash"),
    )
    return Marks(*(mark if isinstance(mark, str) else None for mark in marks))


def belongs(result: Mapping[str, Any], marks: Marks) -> bool | None:
    """Whether a result was taken from the build, by the surest mark that both have; None where they share none.

    Args:
        result: plain JSON of any version.
    """
    places = list(_places(result))
    for name, own in marks._asdict().items():
        said = [place[name] for place in places if isinstance(place.get(name), str) and place[name]]
        if own and said:
            return own in said
    return None


def _places(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where results say what they were taken from."""
    provenance = result.get("provenance")
    inner = provenance.get("package") if isinstance(provenance, Mapping) else None
    for place in (result.get("identity"), provenance, result.get("package"), inner):
        if isinstance(place, Mapping):
            yield place
