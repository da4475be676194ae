"""What CONTRIBUTING.md lists is there, is as many files as it says, and leaves out none that names what is added."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text()
KINDS = ("A board", "A model", "A format of data", "A kind of network", "A node kind", "A sensor", "A tool family")
_TABLE = re.compile(r"^Files it touches: (\d+)\..*\n\n\| file \|.*\n\|---\|---\|\n((?:\|.*\n?)+)", re.MULTILINE)


def _tables(kind: str) -> list[tuple[int, list[str]]]:
    """The number that each of a kind's tables says, and the files in its first column."""
    section = TEXT.split(f"\n### {kind}\n")[1].split("\n### ")[0]
    return [(int(said), re.findall(r"^\| `([^`]+)` \|", rows, re.MULTILINE)) for said, rows in _TABLE.findall(section)]


def _found(file: str) -> set[str]:
    """The files that a row stands for; one that is still to be made is like those that are there."""
    return {str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob(re.sub(r"<\w+>", "*", file))}


def _naming(pattern: str) -> set[str]:
    """Files of code that hold these words."""
    code = [path for room in ("toolchain", "flows", "hls") for path in (REPOSITORY / room).rglob("*.py")]
    return {str(path.relative_to(REPOSITORY)) for path in code if re.search(pattern, path.read_text())}


@pytest.mark.parametrize("kind", KINDS)
def test_listed_files_exist_and_are_counted(kind: str) -> None:
    assert _tables(kind)
    for said, files in _tables(kind):
        assert said == len(files) == len(set(files))
        assert [file for file in files if not _found(file)] == []


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("A board", r"\b(icebreaker|tangnano9k|kv260|raspberrypi4)\b"),
        ("A kind of network", r"\b(depthwise|residual)\b.*(--kind|\": \"|cnn)"),
        ("A node kind", r"\bReduce\(Op\)|\n    Reduce: |\"Reduce\","),
        ("A sensor", r"import \w*(vcgencmd|powercap)_sources|\"joulescope\": |: joulescope,"),
        ("A tool family", r"\"(ecp5|ice40|gowin)\"|\b(Ecp5|Ice40|Gowin)Backend\b|\"yowasp-nextpnr-"),
    ],
)
def test_no_other_code_names_what_is_added(kind: str, pattern: str) -> None:
    listed = {found for _, files in _tables(kind) for file in files for found in _found(file)}
    naming = _naming(pattern)
    assert naming or kind == "A board"
    assert naming - listed == set()


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT)
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
