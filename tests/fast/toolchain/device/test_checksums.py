from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.device.checksums import MANIFEST, file_hashes, must_be_bitstream, verify_package, write_manifest
from toolchain.errors import BuildError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, content in (("a.bin", b"abc"), ("lib/b.py", b"x = 1\n"), ("lib/manifest.json", b"{}")):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_manifest(tmp_path / "package", {"status": "handoff", "clock_mhz": 100.0})
    return tmp_path / "package"


def test_a_whole_package_gives_its_manifest(package: Path) -> None:
    manifest = verify_package(package)
    assert manifest["clock_mhz"] == 100.0
    assert sorted(manifest["files"]) == ["a.bin", "lib/b.py", "lib/manifest.json"]


def test_what_json_writes_in_another_way_keeps_its_digest(tmp_path: Path) -> None:
    made = write_manifest(tmp_path, {"numbers": {10: (1, 2), 9: 0.1}, "text": "\N{GREEK SMALL LETTER MU}s"})
    assert verify_package(tmp_path) == made


def test_equal_packages_have_equal_digests(package: Path) -> None:
    before = (package / MANIFEST).read_bytes()
    write_manifest(package, json.loads(before))
    assert (package / MANIFEST).read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: (p / "a.bin").write_bytes(b"abd"), r"altered: a\.bin; copy"),
        (lambda p: (p / "a.bin").write_bytes(b""), r"altered: a\.bin; copy"),
        (lambda p: (p / "a.bin").unlink(), r"missing: a\.bin; copy"),
        (lambda p: (p / "lib/manifest.json").write_bytes(b"{ }"), r"altered: lib/manifest\.json; copy"),
        (lambda p: (p / "lib/extra").write_bytes(b""), "extra: lib/extra; copy"),
        (lambda p: (p / "a.bin").rename(p / "c.bin"), r"missing: a\.bin; extra: c\.bin; copy"),
        (lambda p: [(p / f"x{i}").touch() for i in range(9)], "extra: x0, x1, x2, x3, x4 and 4 more; copy"),
        (lambda p: (p / MANIFEST).unlink(), r"no manifest\.json; this is no package"),
        (lambda p: (p / MANIFEST).write_text("{"), "cannot be read"),
        (lambda p: (p / MANIFEST).write_bytes(b"\xff\xfe"), "cannot be read"),
        (lambda p: (p / MANIFEST).write_text("[]"), "holds no SHA-256 of files and of itself"),
        (lambda p: (p / MANIFEST).write_text('{"files": {}}'), "holds no SHA-256 of files and of itself"),
        (lambda p: (p / MANIFEST).write_text('{"files": {}, "seal": ""}'), "as one of an older version; build"),
    ],
)
def test_any_damage_is_named(package: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(package)
    with pytest.raises(BuildError, match=words):
        verify_package(package)


def test_every_byte_of_the_manifest_counts(package: Path) -> None:
    """No flipped bit of the manifest passes, wherever it hits."""
    whole = (package / MANIFEST).read_bytes()
    for at in range(0, len(whole), 3):
        (package / MANIFEST).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            verify_package(package)
        except BuildError:
            continue
        # Space for "!" and the like inside white space is no JSON; another white space is the same manifest.
        assert json.loads((package / MANIFEST).read_text()) == json.loads(whole)


def _plant(name: str) -> Callable[[Path], object]:
    def plant(package: Path) -> None:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_bytes(b"planted")

    return plant


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (_plant("lib/__pycache__/b.cpython-310.pyc"), r"lib/__pycache__/"),
        (_plant("__pycache__/driver.cpython-310.pyc"), "__pycache__/"),
        (_plant("json.py"), r"json\.py"),
        (_plant("deep/work/a.py"), "deep/"),
        (lambda p: (p / "empty").mkdir(), "empty/"),
        (lambda p: (p / "numpy").symlink_to(p.parent), "numpy"),
        (lambda p: (p / "lib" / "c.py").symlink_to(p / "lib" / "b.py"), r"lib/c\.py"),
        (lambda p: (p / "work").symlink_to(p.parent), "work"),
        (lambda p: (p / "work").symlink_to("nowhere"), "work"),
        (lambda p: (p / "work").touch(), "work"),
        (lambda p: os.mkfifo(p / "pipe"), "pipe"),
    ],
)
def test_whatever_was_planted_is_named(package: Path, plant: Callable[[Path], object], named: str) -> None:
    plant(package)
    with pytest.raises(BuildError, match=f"extra: .*{named}"):
        verify_package(package)


def test_a_link_in_the_place_of_a_packed_file(package: Path, tmp_path: Path) -> None:
    (package / "a.bin").rename(tmp_path / "a.bin")
    (package / "a.bin").symlink_to(tmp_path / "a.bin")
    with pytest.raises(BuildError, match=r"altered: a\.bin"):
        verify_package(package)


def test_what_the_package_writes_itself_is_no_damage(package: Path) -> None:
    (package / "work" / "site").mkdir(parents=True)
    (package / "work" / "site" / "a.py").touch()
    verify_package(package)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("board", "../../../elsewhere"),
        ("board", "-rf"),
        ("model", "a b"),
        ("model", 7),
        ("variant", "x\n"),
        ("roles", {"bitstream": "/etc/passwd"}),
        ("roles", {"bitstream": "../a"}),
        ("roles", []),
    ],
)
def test_names_that_lead_elsewhere_are_refused(package: Path, key: str, value: object) -> None:
    """With right checksums, as somebody would who wants them to pass."""
    write_manifest(package, {**json.loads((package / MANIFEST).read_text()), key: value})
    with pytest.raises(BuildError, match=r"manifest\.json: .*(no plain name|no path inside|mapping is expected)"):
        verify_package(package)


def test_flipped_bits_are_found_anywhere(package: Path) -> None:
    for name in ("a.bin", "lib/b.py", "lib/manifest.json"):
        whole = (package / name).read_bytes()
        for bit in range(8 * len(whole)):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            (package / name).write_bytes(flipped)
            with pytest.raises(BuildError, match=f"altered: {name}"):
                verify_package(package)
        (package / name).write_bytes(whole)


def test_a_handoff_is_no_bitstream(package: Path) -> None:
    with pytest.raises(BuildError, match=r"is a hand-off, it holds no bitstream yet; .* `python3 finish\.py`"):
        must_be_bitstream(package, verify_package(package))
    must_be_bitstream(package, {"status": "bitstream"})


def test_only_the_packages_own_manifest_is_left_out(package: Path) -> None:
    assert MANIFEST not in file_hashes(package)
    assert f"lib/{MANIFEST}" in file_hashes(package)
