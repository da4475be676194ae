"""Verilator's run-time library is compiled once, all else each time; a compiler's double notes what it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hls.compile_once import main

_COMPILER = """#!/bin/sh
if [ "$1" = --version ]; then cat "$0.version"; exit; fi
echo "$*" >> "$0.calls"
for word; do source=$word; done
[ "$source" != broken.cpp ] || exit 7
while [ "$1" != -o ]; do shift; done
cat "$source" > "$2"
"""


@dataclass(frozen=True)
class Bench:
    folder: Path

    def compile(self, source: str = "lib/verilated.cpp", *flags: str, kept: str = "kept") -> int:
        source = str(self.folder / source) if source != "broken.cpp" else source
        return main(str(self.folder / kept), str(self.folder / "c++"), *flags, "-c", "-o", str(self.object), source)

    @property
    def object(self) -> Path:
        return self.folder / "a.o"

    @property
    def calls(self) -> int:
        path = self.folder / "c++.calls"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "c++").write_text(_COMPILER)
    (tmp_path / "c++").chmod(0o755)
    (tmp_path / "c++.version").write_text("12.2")
    (tmp_path / "lib/vltstd").mkdir(parents=True)
    for name in ("verilated.mk", "verilated.cpp", "verilated.h", "vltstd/svdpi.h"):
        (tmp_path / "lib" / name).write_text(name)
    (tmp_path / "model.cpp").write_text("model")
    return Bench(tmp_path)


def test_the_library_is_compiled_once(bench: Bench) -> None:
    for _ in range(3):
        assert bench.compile() == 0
        assert bench.object.read_text() == "verilated.cpp"
        bench.object.unlink()
    assert bench.calls == 1


def test_a_model_is_compiled_each_time(bench: Bench) -> None:
    for content in ("one", "another"):
        (bench.folder / "model.cpp").write_text(content)
        assert bench.compile("model.cpp") == 0
        assert bench.object.read_text() == content
    assert bench.calls == 2


@pytest.mark.parametrize("changed", ["lib/verilated.cpp", "lib/verilated.h", "lib/vltstd/svdpi.h", "c++.version"])
def test_another_library_or_compiler_is_another_object(bench: Bench, changed: str) -> None:
    bench.compile()
    (bench.folder / changed).write_text("newer")
    bench.compile()
    assert bench.calls == 2


def test_other_flags_are_another_object(bench: Bench) -> None:
    for flags in ([], ["-O2"], ["-DVL_USER_STOP=1"]):
        bench.compile("lib/verilated.cpp", *flags)
    assert bench.calls == 3


def test_a_folder_that_cannot_be_written_only_costs_time(bench: Bench) -> None:
    (bench.folder / "file").touch()
    for _ in range(2):
        assert bench.compile(kept="file/kept") == 0
        assert bench.object.read_text() == "verilated.cpp"
    assert bench.calls == 2


def test_the_compiler_s_failure_is_its_own_and_nothing_is_kept(bench: Bench) -> None:
    assert bench.compile("broken.cpp") == 7
    assert not (bench.folder / "kept").exists()
