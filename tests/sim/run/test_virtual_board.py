"""The driver against the Verilog behind a pseudo-terminal, on a good line and on every kind of bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.chip import generate_chip
from hls.virtual_board import Faults, VirtualBoard
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH, FakeCore
from toolchain.device.link import protocol as link
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.serial_port import open_serial
from toolchain.errors import ToolError, VerificationError
from toolchain.results.core import ChipFile, read_chip, write_chip
from toolchain.run.virtual import virtual_board

CORE = FakeCore()
BENCH = CORE.random(1, 6)
CLOCK_HZ, BAUD = 8_000_000, 1_000_000
IDENTITY = {"model_hash": MODEL_HASH.hex(), "build_id": BUILD_ID.hex()}
PATIENCE = Patience(reply=1.0, quiet=0.25)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the generate stage leaves."""
    folder = tmp_path_factory.mktemp("generate")
    rtl = folder / "rtl"
    rtl.mkdir()
    sources = generate_chip(
        CORE.generate(rtl), rtl, clock_hz=CLOCK_HZ, baud=BAUD, model_hash=MODEL_HASH, build_id=BUILD_ID, bench=BENCH
    )
    hashes = {"model_hash": MODEL_HASH.hex(), "build_id": BUILD_ID.hex()}
    write_chip(folder, ChipFile(sources=tuple(sources), models=(), clock_hz=CLOCK_HZ, **hashes))
    return folder


def board(generated: Path, **faults: float) -> VirtualBoard:
    sources = [generated / "rtl" / name for name in read_chip(generated).sources]
    chosen = Faults(**faults)  # type: ignore[arg-type]
    return VirtualBoard(sources, generated / "work", clock_hz=CLOCK_HZ, baud=BAUD, faults=chosen)


def vectors(count: int) -> tuple[list[bytes], list[tuple[int, ...]]]:
    values = CORE.random(3, count)
    packed = [link.pack_vector([int(v) for v in row], CORE.type_name) for row in values]
    return packed, [(CORE.label(np.asarray(row)),) for row in values]


def must_be_accounted(driver: SerialBoard) -> None:
    traffic = driver.traffic
    assert traffic.sent == traffic.answered + traffic.refused + traffic.silent


def test_every_command_through_the_port(generated: Path) -> None:
    packed, answers = vectors(200)
    with board(generated) as virtual:
        with open_serial(virtual.port, BAUD, IDENTITY, PATIENCE) as driver:
            assert driver.identify().clock_hz == CLOCK_HZ
            assert driver.infer(packed[0]) == (answers[0], CORE.latency)
            assert driver.infer_many(packed) == answers
            checksum = link.bench_checksum([bytes([CORE.label(row)]) for row in BENCH], 1000)
            assert driver.bench(1000).checksum == checksum
            assert driver.counters().inferences == 1201
            assert driver.traffic.sent == driver.traffic.answered
        with open_serial(virtual.port, BAUD, IDENTITY, PATIENCE) as driver:
            assert driver.infer(packed[1]).values == answers[1]
    assert virtual.done["received"] > 200 * 16


def test_a_wrong_model_is_refused(generated: Path) -> None:
    with board(generated) as virtual, pytest.raises(VerificationError, match="model_hash: the board answers 1011"):
        open_serial(virtual.port, BAUD, {**IDENTITY, "model_hash": "00" * 8}, PATIENCE)


@pytest.mark.parametrize(
    ("fault", "probability", "counted"),
    [("bits", 3e-4, "flipped"), ("lost", 1e-3, "lost"), ("doubled", 1e-3, "doubled"), ("reset", 1e-3, "resets")],
)
def test_a_bad_line_or_board_changes_no_answer(generated: Path, fault: str, probability: float, counted: str) -> None:
    packed, answers = vectors(300)
    with (
        board(generated, **{fault: probability}, seed=5) as virtual,
        open_serial(virtual.port, BAUD, IDENTITY, PATIENCE) as driver,
    ):
        assert driver.infer_many(packed) == answers
        must_be_accounted(driver)
    assert virtual.done[counted] > 0


def test_a_board_that_stops_answering_ends_in_words(generated: Path) -> None:
    packed, _ = vectors(200)
    patience = Patience(0.1, 0.05, 3)
    with board(generated, silent_after=1000) as virtual, open_serial(virtual.port, BAUD, IDENTITY, patience) as driver:
        with pytest.raises(ToolError, match="no answer to infer after 3 tries"):
            driver.infer_many(packed)
        must_be_accounted(driver)


def test_a_bench_that_takes_too_long_is_ended_by_a_break(generated: Path) -> None:
    packed, answers = vectors(3)
    with board(generated) as virtual, open_serial(virtual.port, BAUD, IDENTITY, PATIENCE) as driver:
        with pytest.raises(ToolError, match=r"no answer to a bench of 4,294,967,295 within 0\.02 s; run fewer"):
            driver.bench(0xFFFFFFFF, seconds=0.02)
        assert driver.infer_many(packed) == answers


def test_as_a_program_of_its_own(generated: Path) -> None:
    packed, answers = vectors(20)
    work = generated / "work"
    with (
        virtual_board(generated, work, baud=BAUD, faults="bits=1e-4") as virtual,
        open_serial(virtual.port, BAUD, IDENTITY, PATIENCE) as driver,
    ):
        assert driver.infer_many(packed) == answers
    assert virtual.done["received"] > 20 * 16
    with (
        pytest.raises(ToolError, match="virtual board: faults: 'bitz' is none"),
        virtual_board(generated, work, baud=BAUD, faults="bitz=1"),
    ):
        pass


def test_a_killed_host_leaves_no_simulator_behind(generated: Path) -> None:
    virtual = board(generated)
    assert virtual._process.stdin is not None
    virtual._process.stdin.close()  # what the kernel does for a process that was killed
    assert virtual._process.wait(20) == 0
