"""From a package's folder to a board that answers, and the self-test over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.device.link.axi.fakes import (
    CLOCK_HZ,
    CONTROL,
    DMA,
    IDMA,
    INTERVAL,
    LATENCY,
    ODMA,
    FakeChip,
    FakeDevice,
    FakeDma,
    FakeEngine,
    FakeMemory,
)
from tests.fast.toolchain.device.link.axi.test_finn import INPUT, OUTPUT, compute
from tests.fast.toolchain.package.amd.packages import (
    ANSWERS,
    CLASSES,
    COUNT,
    LABELS,
    VALUES,
    VECTORS,
    bitstream_package,
    content,
    manifest,
)
from toolchain.device.link.answers import Bench
from toolchain.device.link.axi import commands, selftest
from toolchain.device.link.axi.opening import open_board
from toolchain.device.link.axi.selftest import run_self_test
from toolchain.device.link.finding import Finding, Measured
from toolchain.device.link.golden import Golden
from toolchain.errors import BuildError, ConfigError, ToolError, VerificationError
from toolchain.package.amd.content import write_handoff


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bitstream_package(tmp_path_factory.mktemp("dataflow"))


@pytest.fixture(scope="module")
def finn_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bitstream_package(tmp_path_factory.mktemp("finn"), "finn")


class Machine:
    """Our own design on a fake machine."""

    def __init__(self, memory: FakeMemory | None) -> None:
        classes = dict(zip(VECTORS, LABELS, strict=True))
        self.chip = FakeChip(lambda vector: classes[vector], VECTORS[:16], len(VECTORS[0]), len(CLASSES))
        self.dma = FakeDma(memory or FakeMemory(), self.chip)
        self.device: Any = FakeDevice({CONTROL: self.chip, DMA: self.dma}, memory)


def finn_device(memory: FakeMemory | None) -> Any:
    engines = [FakeEngine(memory or FakeMemory(), compute, words.size) for words in (INPUT, OUTPUT)]
    engines[0].target = engines[1]
    return FakeDevice({IDMA: engines[0], ODMA: engines[1]}, memory)


def differences(findings: list[Finding]) -> list[str]:
    return [f"{finding.name}: {difference}" for finding in findings for difference in finding.differences]


# Opening --------------------------------------------------------------------------------------------


def test_a_board_answers_as_every_stage_did(package: Path) -> None:
    machine = Machine(FakeMemory())
    with open_board(package, machine.device) as board:
        assert board.infer_many(VECTORS) == ANSWERS
        assert board.infer(board.golden.pack(VALUES[5])).label == LABELS[5]
        assert board.without_dma == ""
    assert [path.name for path in machine.device.loaded] == ["zcu104-cqmlp.bit"]
    assert machine.device.closed


def test_without_memory_for_dma_registers_do_and_the_board_says_so(package: Path) -> None:
    board = open_board(package, Machine(None).device)
    assert board.infer_many(VECTORS) == ANSWERS
    assert "no u-dma-buf" in board.without_dma


def test_finn_answers_through_the_same_interface(finn_package: Path) -> None:
    board = open_board(finn_package, finn_device(FakeMemory()))
    assert board.infer_many(VECTORS) == ANSWERS
    assert board.identify().source == "manifest"


def test_finn_without_memory_for_dma_cannot_be_used(finn_package: Path) -> None:
    with pytest.raises(ToolError, match="no u-dma-buf"):
        open_board(finn_package, finn_device(None))


def test_what_is_loaded_already_is_not_loaded_again(package: Path) -> None:
    machine = Machine(FakeMemory())
    open_board(package, machine.device, load=False)
    assert machine.device.loaded == []


@pytest.mark.parametrize("name", ["model_hash", "build_id"])
def test_another_design_than_the_packed_one_is_refused(package: Path, name: str) -> None:
    machine = Machine(FakeMemory())
    other = {"model_hash": bytes.fromhex("aa" * 8), "build_id": bytes.fromhex("bb" * 8), name: bytes(8)}
    machine.chip.identity(**other)
    with pytest.raises(VerificationError, match=f"{name}: the board answers 0000000000000000"):
        open_board(package, machine.device)


def test_a_handoff_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    write_handoff(content(tmp_path / "package"), tmp_path / "project", manifest("dataflow"))
    machine = Machine(FakeMemory())
    with pytest.raises(BuildError, match=r"is a hand-off, .* machine with Vivado and run `python3 finish.py`"):
        open_board(tmp_path / "package", machine.device)
    assert machine.device.loaded == []


def test_a_damaged_package_is_not_loaded(tmp_path: Path) -> None:
    package, machine = bitstream_package(tmp_path), Machine(FakeMemory())
    (package / "bitstream" / "zcu104-cqmlp.bit").write_bytes(b"")
    with pytest.raises(BuildError, match=r"altered: bitstream/zcu104-cqmlp\.bit"):
        open_board(package, machine.device)
    assert machine.device.loaded == []


def test_addresses_that_vivado_gave_must_be_the_manifests(tmp_path: Path) -> None:
    from tests.fast.toolchain.package.amd.packages import built
    from toolchain.package.amd.content import write_bitstream

    made = built(tmp_path / "vivado")
    made.hwh.write_text(made.hwh.read_text().replace(f"{CONTROL:#x}", "0xB0000000"))
    package = content(tmp_path / "package")
    write_bitstream(package, made, manifest("dataflow"))
    with pytest.raises(ToolError, match="axi_chip_0 is at 0xb0000000, in the manifest 0xa0000000"):
        open_board(package, Machine(FakeMemory()).device)


def test_an_unknown_device_is_named(package: Path) -> None:
    with pytest.raises(ConfigError, match="--device usb: should be one of auto, pynq, linux"):
        open_board(package, "usb")


def test_inputs_that_do_not_fit_are_named(package: Path) -> None:
    golden = open_board(package, Machine(None).device).golden
    with pytest.raises(BuildError, match="3 inputs; the network takes 12"):
        golden.pack([0, 1, 0])
    with pytest.raises(BuildError, match="2 is outside BINARY"):
        golden.pack([2] * 12)


# Self-test ------------------------------------------------------------------------------------------


def test_a_right_board_passes_and_is_measured(package: Path) -> None:
    findings = list(run_self_test(open_board(package, Machine(FakeMemory()).device), inferences=500))
    assert differences(findings) == []
    bench = next(finding for finding in findings if finding.name == "bench")
    assert (bench.measured.latency_cycles, bench.measured.initiation_interval) == (LATENCY, INTERVAL)
    assert findings[2].summary == f"{COUNT} labels compared, {COUNT} equal"
    asked = 2 * COUNT + 500 + 1
    assert findings[4].measured == Measured(inferences_counted=asked, inferences_asked=asked)


def test_a_memory_answers_what_came_before_and_the_answers_are_kept(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine, kept = Machine(FakeMemory()), tmp_path / "said.bin"
    opened = open_board(package, machine.device)
    opened.golden = Golden(opened.golden.described, VECTORS[0] * COUNT, bytes([LABELS[0]]) * COUNT)
    monkeypatch.setattr(commands, "open_board", lambda folder, device, load: opened)
    words = ["--json", "--inferences", "500", "--memory", "5", "--keep", str(kept)]
    commands.self_test(package, words)
    found = json.loads(capsys.readouterr().out)["findings"]
    assert found[2]["counts"]["memory"] == {"places": 5, "asked": COUNT, "recalled": COUNT - 1}
    assert found[4]["measured"]["inferences_asked"] == COUNT + 1 + 500 + 1
    assert found[4]["differences"] == [] and kept.read_bytes() == bytes([LABELS[0]]) * COUNT


def test_finn_passes_without_cycles(finn_package: Path) -> None:
    findings = list(run_self_test(open_board(finn_package, finn_device(FakeMemory())), inferences=500))
    assert differences(findings) == []
    assert findings[3].measured.latency_cycles is None


def test_every_difference_is_named(package: Path) -> None:
    machine = Machine(FakeMemory())
    right = machine.chip.classify
    machine.chip.classify = lambda vector: 2 if vector in VECTORS[3:5] else right(vector)
    machine.chip.set("CLASSES", 4)
    found = differences(list(run_self_test(open_board(package, machine.device), inferences=500)))
    assert "identify: classes: 4, expected 3" in found
    named = [f"vector {i}: class 2 (fuzzing), expected {LABELS[i]} ({CLASSES[LABELS[i]]})" for i in (3, 4)]
    assert LABELS[3] != 2 != LABELS[4]
    for way in ("one by one", "in bursts by DMA"):
        assert [line for line in found if line.startswith(f"golden vectors, {way}")] == [
            f"golden vectors, {way}: {text}" for text in named
        ]
    assert any(line.startswith("bench: checksum") for line in found)


def test_counters_that_do_not_add_up_are_named(package: Path) -> None:
    machine = Machine(FakeMemory())
    board = open_board(package, machine.device)
    count = machine.chip._count
    machine.chip._count = lambda name, events: count(name, events + (name == "INFERENCES"))  # type: ignore[method-assign]
    count("BUS_ERRORS", 0)
    tests = run_self_test(board, inferences=10)
    first = next(tests)
    count("BUS_ERRORS", 5)
    found = differences([first, *tests])
    assert any("is another program at it?" in line for line in found)
    assert "counters: bus_errors: 5 during the test, expected 0" in found


def test_a_clock_that_is_not_the_built_one_is_named(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = open_board(package, Machine(FakeMemory()).device)
    right = board.bench

    def slow(inferences: int, seconds: float) -> Bench:
        answer = right(inferences, seconds)
        assert answer.cycles is not None
        return answer._replace(seconds=2 * answer.cycles / CLOCK_HZ)

    monkeypatch.setattr(board, "bench", slow)
    monkeypatch.setattr(selftest, "_CLOCK_SECONDS", 0.0)
    found = differences(list(run_self_test(board, inferences=10)))
    [line] = found
    assert line.startswith("bench: the clock runs at about 50.0 MHz, the design was built for 100: set it")


@pytest.mark.parametrize(("register", "value"), [("CLOCK_HZ", 0), ("BENCH_VECTORS", 5000), ("CLASSES", 200)])
def test_a_chip_that_lies_of_itself_is_a_difference(package: Path, register: str, value: int) -> None:
    machine = Machine(FakeMemory())
    board = open_board(package, machine.device)
    machine.chip.set(register, value)
    assert any(
        f"{register.lower()}: {value}" in line for line in differences(list(run_self_test(board, inferences=10)))
    )


def test_cycles_that_cannot_be_are_a_difference_and_no_figure(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = open_board(package, Machine(FakeMemory()).device)
    right = board.bench
    monkeypatch.setattr(board, "bench", lambda count, seconds=60.0: right(count, seconds)._replace(cycles=3))
    findings = {finding.name: finding for finding in run_self_test(board, inferences=10)}
    assert "cycles: 3 for 10 inferences, should be" in findings["bench"].differences[1]
    assert findings["bench"].measured.initiation_interval is None


def test_a_bench_that_ends_before_its_clock_allows_is_a_difference(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = open_board(package, Machine(FakeMemory()).device)
    right = board.bench
    monkeypatch.setattr(board, "bench", lambda count, seconds=60.0: right(count, seconds)._replace(seconds=1e-6))
    assert differences(list(run_self_test(board, inferences=100))) == []  # shorter than two readings of a clock differ
    [line] = differences(list(run_self_test(board, inferences=1_000_000)))
    assert line.startswith("bench: seconds: 1e-06 for 10,000,030 cycles, should be 0.089")


# Programs -------------------------------------------------------------------------------------------


@pytest.fixture
def on_fake(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(FakeMemory())
    monkeypatch.setattr("toolchain.device.link.axi.opening.choose_device", lambda device: machine.device)
    return machine


def test_self_test_program(package: Path, on_fake: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.self_test(package, ["--inferences", "100"]) == 0
    assert "PASSED: no difference" in capsys.readouterr().out
    assert commands.self_test(package, ["--inferences", "100", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["device"]) == ("measured", "fake")
    on_fake.chip.set("CLASSES", 7)
    assert commands.self_test(package, ["--inferences", "100"]) == 1
    assert "FAILED: 1 differences" in capsys.readouterr().out


LEVEL = {"name": "level", "bits": 2, "signed": False, "low": 0, "high": 3, "reset": 0, "meaning": "", "number": 0}


def test_self_test_with_a_setting_and_the_answers_that_are_right_with_it(
    on_fake: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = bitstream_package(tmp_path / "package", settings=[LEVEL])
    plain = on_fake.chip.classify
    on_fake.chip.settings = [0]
    on_fake.chip.classify = lambda vector: (plain(vector) + on_fake.chip.words[0]) % len(CLASSES)
    answers = tmp_path / "answers.bin"
    answers.write_bytes(bytes((label + 1) % len(CLASSES) for label in LABELS))
    said = ["--set=level=1", "--inferences", "100"]
    assert commands.self_test(package, [*said, "--answers", str(answers)]) == 0
    assert commands.self_test(package, said) == 1
    answers.write_bytes(b"\0")
    capsys.readouterr()
    assert commands.self_test(package, [*said, "--answers", str(answers)]) == 1
    assert "answers.bin: 1 bytes; the answers to 40 vectors are expected" in capsys.readouterr().err


def test_the_driver_lists_settings_and_refuses_what_is_none(
    on_fake: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = bitstream_package(tmp_path / "package", settings=[LEVEL])
    on_fake.chip.settings = [0]
    assert commands.driver(package, ["settings", "--set", "level=2"]) == 0
    assert capsys.readouterr().out == "level: 2 (; 0 to 3)\n"
    assert commands.driver(package, ["settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"settings": [{**LEVEL, "value": 0}]}
    assert commands.driver(package, ["infer", "--set", "depth=2"]) == 1
    assert "setting depth: the chip has only level" in capsys.readouterr().err


def test_the_self_test_of_a_slow_board_is_short_and_says_how_far_it_is(
    package: Path, on_fake: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.device.link.command_line._SILENCE_SECONDS", 0.0)
    assert commands.self_test(package, ["--inferences", "100", "--vectors", "5"]) == 0
    told = capsys.readouterr()
    assert "5 of 5 vectors" in told.err and "5 labels compared, 5 equal" in told.out
    assert "111 inferences counted, 111 asked for" in told.out
    assert commands.self_test(package, ["--inferences", "100", "--vectors", "5", "--json"]) == 0
    assert not capsys.readouterr().err


def test_driver_program(package: Path, on_fake: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["identify"], "model_hash: aaaaaaaaaaaaaaaa"),
        (["infer", "3"], f"vector 2: class {LABELS[2]} ({CLASSES[LABELS[2]]})"),
        (["bench", "16"], f"cycles: {LATENCY + 15 * INTERVAL}"),
        (["counters"], "damaged: 0"),
    ):
        assert commands.driver(package, arguments) == 0
        assert words in capsys.readouterr().out


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.driver(tmp_path, ["identify"]) == 1
    text = "no manifest.json; this is no package, or it was not copied whole"
    assert capsys.readouterr().err == f"error: {tmp_path}: {text}\n"


@pytest.mark.parametrize("arguments", ["bench 0", "bench x", "bench -1", "fly", "infer 4294967296"])
def test_arguments_that_cannot_be_used_are_refused(tmp_path: Path, arguments: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.driver(tmp_path, arguments.split())
