"""Cross-compiled programs on emulated processors, over the host link: answers, parts, breaks, damage and refusals."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.stages.finn.reference import finn_reference
from flows.stages.rtl.reference import GraphReference
from hls.pack import pack_inputs
from hls.units.staged import settings_in
from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, nested
from tests.fast.toolchain.graph.staged_graphs import vectors as wide_vectors
from tests.fast.toolchain.microcontroller.programs import BOARDS, known, mcu_board, program, vectors
from toolchain.board import Memory
from toolchain.device.link import protocol as link
from toolchain.device.link.board import bench_answer
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.serial_port import open_serial
from toolchain.device.link.settings import SETTING
from toolchain.errors import VerificationError
from toolchain.graph.deciding import at_width, deciding, thresholds_of_width
from toolchain.microcontroller.cores import CORES
from toolchain.microcontroller.emulator import PATIENCE, emulated
from toolchain.microcontroller.firmware import STACK_BYTES, write_firmware
from toolchain.microcontroller.make import make_programs
from toolchain.microcontroller.sizes import stack_of

# In turn: an array of C, packed codes of each kind, two bytes an element, parts, and classes.
NETWORKS = {
    "bytes": known(),
    "bits": known(75, 0, 1, label=True),
    "bipolar": known(19, -1, 1, 2),
    "three bits": known(50, -4, 3),
    "twelve bits": known(9, 0, 4095),
    "parts": known(2500, -128, 127, outputs=3),
}


@contextmanager
def running(folder: Path, reference: GraphReference, board: str) -> Iterator[SerialBoard]:
    """The driver at a program."""
    made, target = program(reference), mcu_board(board)
    write_firmware(made, target, folder / "firmware")
    make_programs(made, target, folder / "firmware", folder)
    with (
        emulated(folder / "firmware" / "emulated.elf", target) as machine,
        open_serial(machine.port, target.host_link.baud, None, PATIENCE) as device,
    ):
        yield device


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_answer_and_a_bench_are_the_graphs(name: str, board: str, tmp_path: Path) -> None:
    reference = NETWORKS[name]
    x = vectors(reference, 8)
    packed = [row.tobytes() for row in pack_inputs(x, reference.input_type)]
    right = [tuple(map(int, row)) for row in reference.run(x)]
    with running(tmp_path, reference, board) as device:
        told = device.identify()
        assert (told.model_hash, told.build_id, told.bench_vectors) == (b"a model!", b"a build!", 0)
        assert device.infer_many(packed) == right
        counted = device.infer(packed[-1]).cycles
        bench = device.bench(5)
        assert (bench.values, bench.checksum) == bench_answer(told.answer, [right[-1]], 5)
        # Instructions, to the step of the emulator's counter.
        assert counted and bench.cycles and abs(bench.cycles / 5 - counted) <= 200
        assert device.link_counters()[1:] == (14, 13 + 2 * 9 * (name == "parts"), 0, 1, 0)


@pytest.mark.parametrize(("core", "board"), [("cortex-m55", "nucleo-f446re"), ("rv64gcv", "esp32c3")])
@pytest.mark.parametrize("name", ["bytes", "three bits", "without a sign", "parts"])
def test_cores_with_vectors_that_no_board_of_ours_has(core: str, board: str, name: str, tmp_path: Path) -> None:
    """Helium and RISC-V's V; lengths that fill no register, bytes with a sign and without."""
    reference, like = {**NETWORKS, "without a sign": known(77, 0, 255)}[name], mcu_board(board)
    target = like.model_copy(update={"chip": like.chip.model_copy(update={"core": core})})
    write_firmware(program(reference), target, tmp_path)
    subprocess.run(["make", "emulated.elf"], cwd=tmp_path, check=True, capture_output=True)
    x = vectors(reference, 8)
    packed = [row.tobytes() for row in pack_inputs(x, reference.input_type)]
    with (
        emulated(tmp_path / "emulated.elf", target) as machine,
        open_serial(machine.port, target.host_link.baud, None, PATIENCE) as device,
    ):
        assert device.infer_many(packed) == [tuple(map(int, row)) for row in reference.run(x)]


def test_damage_breaks_and_what_is_out_of_turn(tmp_path: Path) -> None:
    reference = NETWORKS["parts"]
    (vector,) = (row.tobytes() for row in pack_inputs(vectors(reference, 2)[1:], reference.input_type))
    (one, two, rest) = link.vector_requests(vector, 1024)
    with running(tmp_path, reference, "nucleo-f446re") as device:
        assert _asked(device, *rest) == link.Failure(9, link.BAD_LENGTH, link.INFER)
        assert _asked(device, *one) == link.Loaded(9, 1)
        assert _asked(device, *one) == link.Loaded(9, 0)  # a part 0 that is not the next one empties
        assert _asked(device, *two) == link.Loaded(9, 0)
        for request, held in ((one, 1), (two, 2), (two, 2)):
            assert _asked(device, *request) == link.Loaded(9, held)
        assert isinstance(_asked(device, *rest), link.Inference)
        assert isinstance(_asked(device, *rest), link.Inference)  # the parts stay
        assert _asked(device, 0x55, b"") == link.Failure(9, link.UNKNOWN_COMMAND, 0x55)
        assert _asked(device, link.IDENTIFY, b"x") == link.Failure(9, link.BAD_LENGTH, link.IDENTIFY)
        frame = bytearray(link.encode_frame(link.COUNTERS, 9))
        frame[-1] ^= 1
        assert _sent(device, b"xGG" + bytes(frame)) == link.Failure(9, link.BAD_CRC, link.COUNTERS)
        device.reset()
        assert _asked(device, *rest) == link.Failure(9, link.BAD_LENGTH, link.INFER)
        counters = _asked(device, link.COUNTERS, b"")
        assert isinstance(counters, link.Counters)
        assert (counters.inferences, counters.crc_errors, counters.line_errors, counters.resyncs) == (2, 1, 2, 1)


@pytest.mark.parametrize("board", ["nucleo-f446re", "esp32c3"])
def test_a_width_is_chosen_over_the_link(board: str, tmp_path: Path) -> None:
    graph = nested(2)
    wide = finn_reference(deciding(graph, CLASSES, (1, 1), WIDTHS))
    x = wide_vectors(graph, 6)
    packed = [row.tobytes() for row in pack_inputs(x.reshape(len(x), -1), wide.input_type)]
    settings = settings_in(wide.graph)
    with running(tmp_path, wide, board) as device:
        for width in (25, 50, 100):
            for setting, value in zip(settings, thresholds_of_width(WIDTHS, width), strict=True):
                device.set(setting, value)
                assert device.held(setting) == value
            right = finn_reference(at_width(wide.graph, width)).run(x)
            assert device.infer_many(packed) == [tuple(map(int, row)) for row in right]
        assert _asked(device, SETTING, bytes([2])) == link.Failure(9, link.BAD_LENGTH, SETTING)


@pytest.mark.parametrize("board", BOARDS)
def test_how_deep_the_stack_has_been_is_told(board: str, tmp_path: Path) -> None:
    reference, target = NETWORKS["bytes"], mcu_board(board)
    made, folder = program(reference), tmp_path / "firmware"
    write_firmware(made, target, folder)
    make_programs(made, target, folder, tmp_path)
    stack = stack_of(folder / "emulated.elf", CORES[target.chip.core].prefix)
    with (
        emulated(folder / "emulated.elf", target) as machine,
        open_serial(machine.port, target.host_link.baud, None, PATIENCE) as device,
    ):
        device.identify()
        before = machine.stack_used(stack)
        device.infer_many([row.tobytes() for row in pack_inputs(vectors(reference, 2), reference.input_type)])
        used = machine.stack_used(stack)
        assert 0 < before <= used < stack.bytes == STACK_BYTES
        # Of a stack no larger than what was used, nothing is left.
        with pytest.raises(VerificationError, match="has been full to its end"):
            machine.stack_used(Memory(start=stack.start + stack.bytes - used, bytes=used))


def _asked(device: SerialBoard, command: int, payload: bytes) -> link.Reply:
    return _sent(device, link.encode_frame(command, 9, payload))


def _sent(device: SerialBoard, data: bytes) -> link.Reply:
    device.port.write(data)
    parser, frames = link.FrameParser(), []
    while not frames:
        came = device.port.read(60.0)
        assert came
        frames = parser.feed(came)
    return link.decode_reply(frames[0])
