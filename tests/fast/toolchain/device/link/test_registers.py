"""The register map: consistent in itself, and the same in the Verilog and in the documentation."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.device.link import registers as map_
from toolchain.device.link.settings import MOST

ROOT = Path(__file__).parents[5]


def between(path: str, begin: str, end: str) -> str:
    return (ROOT / path).read_text().split(begin)[1].split(end)[0]


def test_the_documentation_has_these_tables() -> None:
    assert between("docs/axi.md", "<!-- registers -->\n", "<!-- end of registers -->") == map_.markdown()


def test_the_verilog_has_these_constants() -> None:
    assert between("hls/rtl/axi_registers.v", "// Registers begin.\n", "    // Registers end.") == map_.verilog()


def test_settings_lie_behind_all_registers_in_the_verilog_too() -> None:
    assert f"A_SETTING = 16'h{map_.SETTING:04x};" in (ROOT / "hls/rtl/axi_registers.v").read_text()
    assert max(map_.ADDRESS.values()) < map_.SETTING <= map_.ANSWER - 4 * MOST


def test_the_verilog_answers_every_register() -> None:
    text = between("hls/rtl/axi_registers.v", "case (read_index)", "endcase")
    assert set(re.findall(r"A_(\w+)\[7:2\]:", text)) == {register.name for register in map_.REGISTERS}
    assert max(map_.ADDRESS.values()) < 0x100


def test_registers_are_words_below_the_windows_and_apart() -> None:
    offsets = [register.offset for register in map_.REGISTERS]
    assert offsets == sorted(set(offsets))
    assert all(offset % 4 == 0 and offset < map_.ANSWER for offset in offsets)
    assert map_.ANSWER + map_.ANSWER_SPAN == map_.VECTOR
    assert map_.VECTOR + map_.VECTOR_SPAN == map_.SPAN
    assert len(map_.ADDRESS) == len(map_.REGISTERS)


def test_fields_do_not_overlap() -> None:
    masks = [field.mask for field in map_.STATUS_FIELDS]
    assert sum(masks) == masks[0] | masks[1] | masks[2] | masks[3]
    assert map_.RUN.of(0x1003) == map_.BURST
    assert map_.BUSY.of(0x1003) == map_.REFUSED.of(0x1003) == 1
    assert map_.DAMAGED.of(0x1003) == 0


@pytest.mark.parametrize(("size", "room"), [(1, 4), (3, 4), (4, 8), (640, 644), (642, 644)])
def test_an_answer_and_its_end_take_whole_words(size: int, room: int) -> None:
    assert map_.answer_room(size) == room


def test_codes_of_commands_and_runs_are_apart() -> None:
    codes = [code for _, code, _ in map_.COMMANDS] + [map_.BURST]
    assert len(set(codes)) == len(codes)


def test_it_can_be_copied_and_used_alone_on_an_old_python(tmp_path: Path) -> None:
    source = (ROOT / "toolchain/device/link/registers.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert set(modules) <= {"__future__", "collections.abc", "sys", "typing"}
    copy = tmp_path / "registers.py"
    copy.write_text(source)
    done = subprocess.run([sys.executable, "-I", copy, "verilog"], capture_output=True, text=True, check=True)
    assert done.stdout == map_.verilog()


@pytest.mark.parametrize("arguments", [[], ["html"], ["verilog", "markdown"]])
def test_another_text_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert map_.main(arguments) == 2
    assert "markdown|verilog" in capsys.readouterr().err
