"""The C program and the sketch of examples/host-link, compiled and run against a model of a board."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.terminal import at_terminal
from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, Line, UartBoard, label_of
from toolchain.device.link import protocol as link

FOLDER = Path(__file__).parents[3] / "examples" / "host-link"
LIBRARY = FOLDER / "GateweaveLink"
DOUBLE = Path(__file__).parent / "arduino"
NOISE = Line(bits=3e-5, lost=3e-5, doubled=3e-5, seed=3)
VECTORS = [zlib.crc32(bytes([i])).to_bytes(4, "little") * 6 for i in range(60)]
ONE_FRAME = [vector[:VECTOR_BYTES] for vector in VECTORS]

SCORES = link.Types(link.Tensor(4, link.SIGNED, (5, 3, 3)), link.Tensor(11, link.SIGNED, (3,)), 0)
IN_PARTS = IDENTITY._replace(types=SCORES, part_bytes=7, bench_vectors=0)


def scores_of(vector: bytes) -> bytes:
    values = [zlib.crc32(vector + bytes([i])) % 2048 - 1024 for i in range(3)]
    return SCORES.answer.encode(values)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("c") / "host-link"))
    subprocess.run(["make", "-s"], cwd=folder, check=True)
    return folder / "ask_board"


@pytest.fixture(scope="module")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("arduino")
    source, strict = LIBRARY / "src/gateweave_link.c", ["-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", "-std=c99", *strict, "-c", source, "-o", out / "link.o"], check=True)
    command = ["g++", *strict, f"-I{DOUBLE}", f"-I{LIBRARY / 'src'}", "-include", DOUBLE / "Arduino.h", "-x", "c++"]
    command += [LIBRARY / "examples/Ask/Ask.ino", DOUBLE / "main.cpp", "-x", "none", out / "link.o", "-o", out / "ask"]
    subprocess.run(command, check=True)
    return out / "ask"


def board(answer: Callable[[bytes], int | bytes], identity: link.Identity, line: Line | None = None) -> UartBoard:
    return UartBoard(answer, identity, [], line or Line())


def compared(program: Path, at: UartBoard, vectors: list[bytes], answers: list[bytes], folder: Path) -> tuple[int, str]:
    (folder / "vectors.bin").write_bytes(b"".join(vectors))
    (folder / "answers.bin").write_bytes(b"".join(answers))
    with at_terminal(at) as port:
        command = [program, port, "1000000", folder / "vectors.bin", folder / "answers.bin"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return run.returncode, run.stdout + run.stderr


def test_all_answers_are_those_of_the_package(program: Path, tmp_path: Path) -> None:
    answers = [bytes([label_of(vector)]) for vector in ONE_FRAME]
    code, told = compared(program, board(label_of, IDENTITY), ONE_FRAME, answers, tmp_path)
    assert code == 0 and "60 of 60 answers equal; the last took 100 cycles" in told
    assert "184 elements of 1 bits in, 1 of 3 bits out, one of 5 classes" in told


def test_another_answer_is_told_by_its_number(program: Path, tmp_path: Path) -> None:
    answers = [bytes([label_of(vector)]) for vector in ONE_FRAME]
    answers[7] = bytes([answers[7][0] ^ 1])
    code, told = compared(program, board(label_of, IDENTITY), ONE_FRAME, answers, tmp_path)
    assert code == 1 and "vector 7: another answer" in told and "59 of 60" in told


@pytest.mark.parametrize("noise", [None, NOISE], ids=["clean", "noise"])
def test_vectors_in_parts_and_signed_scores(program: Path, tmp_path: Path, noise: Line | None) -> None:
    vectors = [vector[: IN_PARTS.vector_bytes] for vector in VECTORS]
    at = board(scores_of, IN_PARTS, noise)
    code, told = compared(program, at, vectors, list(map(scores_of, vectors)), tmp_path)
    assert code == 0 and "60 of 60 answers equal" in told
    assert noise is None or noise.faults > 0 < at.crc_errors + at.given_up


def test_what_is_not_served_is_told(program: Path, tmp_path: Path) -> None:
    streamed = IDENTITY._replace(version=link.STREAMED_VERSION)
    code, told = compared(program, board(label_of, streamed), ONE_FRAME, [b"\0"] * 60, tmp_path)
    assert (code, told) == (1, "error: identify: the board speaks another version of the protocol\n")
    code, told = compared(program, board(label_of, IDENTITY), ONE_FRAME[:1], [b"\0\0"], tmp_path)
    assert code == 1 and "another network's" in told
    silent = board(label_of, IDENTITY, Line(silent_after=0))
    assert compared(program, silent, ONE_FRAME, [b"\0"] * 60, tmp_path) == (1, "error: identify: no reply\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [([], "usage"), (["/nowhere", "9600", "v", "a"], "v: No such file")],
)
def test_a_wrong_command_is_one_line(program: Path, words: list[str], told: str) -> None:
    run = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert run.returncode and told in run.stderr and run.stderr.count("\n") == 1


def asked(sketch: Path, at: UartBoard, lines: str) -> list[str]:
    with at_terminal(at) as port:
        command = [sketch, port]
        run = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=True)
    return run.stdout.splitlines()


def test_the_sketch_packs_what_is_typed_and_prints_the_answer(sketch: Path) -> None:
    rows = [[(7 * i + row) % 16 - 8 for i in range(45)] for row in range(3)]
    right = [SCORES.answer.decode(scores_of(link.pack_vector(row, "INT4"))) for row in rows]
    lines = "".join(",".join(map(str, row)) + "\r\n" for row in rows)
    assert asked(sketch, board(scores_of, IN_PARTS), lines) == [
        "ready: numbers a line: 45",
        *(f"answer {','.join(map(str, answer))} after cycles: 100" for answer in right),
    ]


def test_the_sketch_tells_what_is_wrong(sketch: Path) -> None:
    outside = ",".join(["8"] * 45)
    told = asked(sketch, board(scores_of, IN_PARTS), f"1,2\n{outside}\n")
    assert told[1:] == ["another number of values: 2", "a value is outside the input's type"]
    large = IDENTITY._replace(types=link.Types(link.Tensor(8, 0, (600,)), link.Tensor(3, 0, (1,)), 5))
    assert asked(sketch, board(label_of, large), "") == ["the network is too large for this sketch: 0"]
