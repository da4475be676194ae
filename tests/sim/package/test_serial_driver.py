"""The driver of an open board's package, as a process of its own, against a board at a pseudo-terminal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.terminal import at_terminal
from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, class_bytes, label_of, uart_board
from toolchain.device.checksums import verify_package, write_manifest
from toolchain.device.link import protocol as link
from toolchain.device.link.protocol import AnswerLayout
from toolchain.package.amd import content as amd
from toolchain.package.open.content import write_driver
from toolchain.package.vectors import VectorFormat, write_vectors

ELEMENTS = 8 * VECTOR_BYTES
COUNT = 80


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose network is the model board's."""
    out = tmp_path_factory.mktemp("packed") / "package"
    out.mkdir()
    # The first are those that the board has stored for `bench`.
    vectors = [bytes([index] * VECTOR_BYTES) for index in range(COUNT)]
    layout = VectorFormat(COUNT, ELEMENTS, "BINARY", VECTOR_BYTES, AnswerLayout.of_class(5), list("abcde"))
    write_vectors(out, layout, b"".join(vectors), bytes(map(label_of, vectors)))
    write_driver(out)
    identity = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}
    link_facts = {"kind": "uart", "baud": 1_000_000}
    timing = {"clock_mhz": 25, "latency_cycles": 100, "initiation_interval": 10, "cycles_kind": "simulated"}
    write_manifest(
        out, {"board": "ulx3s", "model": "m", "identity": identity, "host_link": link_facts, "timing": timing}
    )
    return out


@pytest.fixture
def package(packed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packed, tmp_path / "package"))


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    """A port at which the model board answers; of another identity where the test asks for one."""
    with at_terminal(uart_board(identity=getattr(request, "param", IDENTITY))) as port:
        yield port


def driver(package: Path, *words: str, program: str = "driver.py") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(package / program), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def told(package: Path, port: str, *words: str) -> dict[str, object]:
    run = driver(package, "--port", port, "--json", *words)
    assert run.returncode == 0, run.stderr
    answered: dict[str, object] = json.loads(run.stdout)
    return answered


def test_all_that_it_can_be_asked(package: Path, port: str, tmp_path: Path) -> None:
    assert told(package, port, "identify")["model_hash"] == IDENTITY.model_hash.hex()
    golden = [label_of(bytes([index] * VECTOR_BYTES)) for index in range(COUNT)]
    assert told(package, port, "infer", "70")["labels"] == golden[:70]
    bench = told(package, port, "bench", "1000")
    assert bench["checksum"] == link.bench_checksum(class_bytes(golden[: IDENTITY.bench_vectors]), 1000)
    assert told(package, port, "counters")["inferences"] == 1070
    run = driver(package, "--port", port, "infer", "2")
    assert run.stdout == "".join(f"vector {i}: class {golden[i]} ({'abcde'[golden[i]]})\n" for i in (0, 1))
    verify_package(package)


def test_own_vectors_are_answered_as_the_network_does(package: Path, port: str, tmp_path: Path) -> None:
    rows = [[(element * row) % 3 % 2 for element in range(ELEMENTS)] for row in range(1, 20)]
    right = [label_of(link.pack_vector(row, "BINARY")) for row in rows]
    own = tmp_path / "own.txt"
    for text in ("\n".join(" ".join(map(str, row)) for row in rows), "\n".join(map(str, rows))):
        own.write_text(text)
        assert told(package, port, "infer", "--vectors", str(own))["labels"] == right


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 1 0", f"own.txt: line 1: 3 inputs; the network takes {ELEMENTS}"),
        ("2 " * ELEMENTS, "own.txt: line 1: element 0: 2 is outside BINARY"),
        ("\n0.5", f"own.txt: line 2: should be {ELEMENTS} integers"),
        ("\n", "own.txt: holds no vector"),
    ],
)
def test_own_vectors_that_do_not_fit(package: Path, port: str, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "own.txt").write_text(text)
    run = driver(package, "--port", port, "infer", "--vectors", str(tmp_path / "own.txt"))
    assert run.returncode == 1
    assert words in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_self_test(package: Path, port: str) -> None:
    run = driver(package, "--port", port, "--inferences", "2000", program="self_test.py")
    assert run.stdout.endswith("PASSED: no difference\n"), run.stdout + run.stderr
    assert run.returncode == 0


@pytest.mark.parametrize("port", [IDENTITY._replace(build_id=b"another!")], indirect=True)
def test_another_board_is_refused(package: Path, port: str) -> None:
    run = driver(package, "--port", port, "infer")
    assert run.returncode == 1
    assert run.stderr.startswith(f"error: {port}: build_id: the board answers {b'another!'.hex()}")


def test_a_port_that_is_not_there(package: Path) -> None:
    run = driver(package, "--port", "/dev/no-port", "identify")
    assert run.returncode == 1
    assert "error: /dev/no-port: cannot be opened" in run.stderr


def test_a_planted_file_is_refused(package: Path, port: str) -> None:
    (package / "lib" / "toolchain" / "planted.py").write_text("")
    run = driver(package, "--port", port, "identify")
    assert run.returncode == 1
    assert "not as it was packed: extra: lib/toolchain/planted.py" in run.stderr


def test_imported_twice_it_leaves_the_package_as_packed(package: Path, port: str) -> None:
    ask = f"""
import sys
sys.path.insert(0, {str(package)!r})
from driver import open_package
with open_package({port!r}) as board:
    print(board.infer(board.golden.pack([1] * {ELEMENTS})).label)
"""
    for _ in range(2):
        run = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, timeout=60, check=False)
        assert run.stdout == f"{label_of(bytes([255] * VECTOR_BYTES))}\n", run.stderr
        assert not (package / "__pycache__").exists()
    verify_package(package)


def test_the_driver_of_an_amd_board_leaves_its_package_as_packed_too(tmp_path: Path) -> None:
    amd.write_driver(tmp_path)
    write_manifest(tmp_path, {"board": "zcu104", "model": "m"})
    ask = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import driver; print(driver.open_package)"
    run = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    verify_package(tmp_path)
