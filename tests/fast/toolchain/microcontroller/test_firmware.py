"""A program's sources: what it says of itself, its link scripts, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.microcontroller.programs import BOARDS, known, mcu_board, program
from toolchain.board import McuBoard
from toolchain.errors import FitError, ModelError
from toolchain.kernels.generate import c_source
from toolchain.microcontroller.cores import CORES
from toolchain.microcontroller.firmware import Program, link_scripts, write_firmware
from toolchain.microcontroller.reckon import reckoned
from toolchain.microcontroller.sizes import must_fit
from toolchain.results.facts.mcu import MemoryUse, Sizes


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_has_sources_and_a_machine_that_is_large_enough(name: str, tmp_path: Path) -> None:
    board = mcu_board(name)
    write_firmware(program(known()), board, tmp_path)
    assert "board_init" in (tmp_path / "board.c").read_text()
    machine = CORES[board.chip.core].machine
    assert machine.flash.bytes >= board.chip.flash.bytes and machine.ram.bytes >= board.chip.ram.bytes


@pytest.mark.parametrize("name", BOARDS)
def test_the_emulated_program_has_no_more_memory_than_the_board(name: str) -> None:
    chip, scripts = mcu_board(name).chip, link_scripts(mcu_board(name))
    for text in scripts.values():
        assert f"LENGTH = {chip.ram.bytes}\n" in text
        assert f"LENGTH = {chip.flash.bytes}\n" in text


@pytest.mark.parametrize(("inputs", "parts", "longest"), [(3, 0, 4), (1024, 0, 1024), (1025, 1024, 1026)])
def test_long_vectors_come_in_parts(inputs: int, parts: int, longest: int) -> None:
    told = program(known(inputs)).identity(1_000_000)
    assert (told.part_bytes, told.max_payload, told.vector_bytes) == (parts, longest, inputs)


def test_several_outputs_are_refused(tmp_path: Path) -> None:
    reference = known()
    reference.graph.end("again", "scores")
    one = program(known())
    several = Program(c_source(reference.graph), one.types, one.model_hash, one.build_id)
    with pytest.raises(ModelError, match="one input and one output"):
        write_firmware(several, mcu_board(), tmp_path)


def test_what_is_too_large_is_refused_by_how_many_bytes() -> None:
    flash = MemoryUse(used=10, of=100, parts={"code": 10})
    ram = MemoryUse(used=131_072, of=131_072, parts={"work space": 131_000, "stack": 72})
    must_fit(Sizes(flash=flash, ram=ram), "A board")
    ram = ram.model_copy(update={"used": 131_073})
    with pytest.raises(FitError, match=r"A board: RAM: 131,073 .* 1 too many; the most is work space, 131,000 bytes"):
        must_fit(Sizes(flash=flash, ram=ram), "A board")


def test_what_a_network_takes_is_reckoned_before_anything_is_compiled() -> None:
    board = mcu_board()
    assert "10,510 bytes of weights and tables" in reckoned(known(2100).graph, board)
    with pytest.raises(FitError, match=r"flash: about 14,606 .* 4,606 too many; weights and tables: 10,510 bytes"):
        reckoned(known(2100).graph, _with(board, "flash", 10_000))
    # 2,100 bytes as they come, and five times four and as many for the answer.
    with pytest.raises(FitError, match=r"RAM: about .* too many; inputs and outputs: 2,140 bytes"):
        reckoned(known(2100).graph, _with(board, "ram", 4000))


def _with(board: McuBoard, memory: str, size: int) -> McuBoard:
    """The same with less memory."""
    less = getattr(board.chip, memory).model_copy(update={"bytes": size})
    return board.model_copy(update={"chip": board.chip.model_copy(update={memory: less})})
