"""What a page says of an explanation: the one that `gateweave explain` kept of this very package."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.errors import BuildError
from toolchain.report import explanation as words
from toolchain.report.page.gather import Build
from toolchain.results.again import build_command, build_words
from toolchain.results.belonging import belongs, marks_of
from toolchain.results.explained import EXPLANATION, Explanation
from toolchain.results.model import read_file


@dataclass(frozen=True)
class Explained:
    """An explanation as a page shows it, in rows and lines; `how_to` says how to get one where there is none."""

    how_to: str
    bound: str = ""
    limits: tuple[tuple[str, ...], ...] = ()
    ways: tuple[tuple[str, ...], ...] = ()
    one_more: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def explained(build: Build) -> Explained:
    """The explanation of a build; one of an older package, or of another version, is none."""
    how_to = f"make explain {build_words(build.layout.request)}"
    made = _kept(build)
    if made is None:
        return Explained(how_to)
    return Explained(
        how_to,
        words.bound(made),
        tuple(words.limits(made)),
        tuple(words.ways(made)),
        tuple(map(words.one_more, made.one_more)),
        tuple(map(words.elsewhere, made.elsewhere)),
        made.unknown,
    )


def _kept(build: Build) -> Explanation | None:
    layout = build.layout
    try:
        made = read_file(layout.variant_dir / EXPLANATION, Explanation, build_command(layout.request))
    except BuildError:
        return None
    return made if belongs(made.to_json(), marks_of(layout, build.manifest)) else None
