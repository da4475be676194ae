"""Both runners on real ONNX Runtime: answers, figures, and one line for each mistake."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from tests.sim.runtime.small_models import CLASSES, INPUTS, save, save_mlp, save_rounded_bias, save_two, some_vectors
from toolchain.errors import ToolError
from toolchain.results.facts.runtime import Effort
from toolchain.results.runner import RunnerSide
from toolchain.runtime.answers import Job, answer, compare, run_runner
from toolchain.runtime.binaries import build_runner
from toolchain.runtime.rows import joined
from toolchain.runtime.timing import Variant, floor_model, measure, throughput, time_variants


@pytest.mark.parametrize("batch", [1, 7])
def test_answers_are_onnx_runtimes_own_and_the_first_of_equals_wins(
    command: list[str], tmp_path: Path, batch: int
) -> None:
    model, x = save_mlp(tmp_path / "m.onnx"), some_vectors(100)
    expected = onnxruntime.InferenceSession(str(model)).run(None, {"input": x})[0]
    assert (expected == expected.max(1, keepdims=True)).sum() > 101  # there are ties
    answers = answer(command, Job(model, x, ("--batch", str(batch))), tmp_path / "work")
    assert compare("runner", answers, expected).outputs_equal == 100
    assert (answers.labels == expected.argmax(1)).all()
    assert answers.report.inputs == (RunnerSide(name="input", type="uint8", row=(INPUTS,)),)
    assert answers.report.runtime == onnxruntime.__version__


def test_fixed_batch_is_padded_at_the_end(command: list[str], tmp_path: Path) -> None:
    model, x = save_mlp(tmp_path / "m.onnx", batch=8), some_vectors(21)
    expected = onnxruntime.InferenceSession(str(save_mlp(tmp_path / "free.onnx"))).run(None, {"input": x})[0]
    answers = answer(command, Job(model, x), tmp_path / "work")
    assert compare("runner", answers, expected).outputs_equal == 21
    with pytest.raises(ToolError, match="--batch 3: the model's batch is fixed at 8"):
        run_runner(command, ["--model", str(model), "--batch", "3"])


@pytest.mark.parametrize("batch", [1, 7])
def test_several_inputs_and_outputs_are_rows_one_after_the_other(
    command: list[str], tmp_path: Path, batch: int
) -> None:
    model, random = save_two(tmp_path / "m.onnx"), np.random.default_rng(0)
    feeds = {"a": random.normal(size=(30, 2, 3)).astype(np.float32), "b": random.integers(-9, 9, (30, 4), np.int8)}
    total, sums = onnxruntime.InferenceSession(str(model)).run(None, feeds)
    answers = answer(command, Job(model, joined(feeds), ("--batch", str(batch))), tmp_path / "work")
    assert compare("runner", answers, joined({"total": total, "sums": sums})).outputs_equal == 30
    assert (answers.labels == total.argmax(1)).all()
    assert [side.name for side in answers.report.outputs] == ["total", "sums"]


def test_nan_is_an_answer_but_never_the_greatest(command: list[str], tmp_path: Path) -> None:
    nodes = [helper.make_node("Log", ["input"], ["logits"])]
    model = save(tmp_path / "log.onnx", nodes, {}, TensorProto.FLOAT, ["rows", 3], ["rows", 3])
    x = np.array([[-1, 1, 2], [3, -1, 2], [0, 0, 1], [-1, -1, -1], [1, 2, -1]], np.float32)
    answers = answer(command, Job(model, x), tmp_path / "work")
    assert answers.labels.tolist() == [2, 0, 2, 0, 1]
    found = compare("runner", answers, answers.outputs.copy())
    assert (found.outputs_equal, found.labels_equal) == (5, 5)


def test_rows_of_any_rank(command: list[str], tmp_path: Path) -> None:
    nodes = [helper.make_node("Transpose", ["input"], ["logits"], perm=[0, 2, 1, 3])]
    model = save(tmp_path / "t.onnx", nodes, {}, TensorProto.FLOAT, ["n", 2, 3, 4], ["n", 3, 2, 4])
    x = np.arange(5 * 24, dtype=np.float32).reshape(5, 2, 3, 4)
    answers = answer(command, Job(model, x), tmp_path / "work")
    assert compare("runner", answers, x.transpose(0, 2, 1, 3)).outputs_equal == 5
    assert answers.report.outputs[0].row == (3, 2, 4)


def test_latency_beside_the_floor(command: list[str], tmp_path: Path) -> None:
    report = measure(
        command,
        Variant(save_mlp(tmp_path / "m.onnx"), (), some_vectors(9)),
        tmp_path,
        effort=Effort(calls=200, warmup=500, repeats=1),
    )
    assert report.latency and report.floor
    for figures in (report.latency, report.floor):
        assert figures.calls == 200 and figures.warmup == 500
        assert 0 < figures.min_us <= figures.p50_us <= figures.p90_us <= figures.p99_us <= figures.max_us
        assert figures.involuntary_switches >= 0
    assert report.floor.min_us < report.latency.min_us
    assert report.kind == "measured" and report.machine.core is not None


def test_a_large_model_is_timed_in_its_own_memory(command: list[str], tmp_path: Path) -> None:
    """Outputs of 4 MB are mapped for themselves: written to after they were given back, they end the process."""
    nodes = [helper.make_node("Relu", ["input"], ["logits"])]
    model = save(tmp_path / "m.onnx", nodes, {}, TensorProto.FLOAT, [1, 1 << 20], [1, 1 << 20])
    report = measure(
        command,
        Variant(model, (), np.ones((2, 1 << 20), np.float32)),
        tmp_path,
        effort=Effort(calls=20, warmup=500, repeats=1),
    )
    assert report.latency.calls == report.floor.calls == 20


def test_both_runners_report_the_same_things(commands: dict[str, list[str]], tmp_path: Path) -> None:
    variant = Variant(save_mlp(tmp_path / "m.onnx"), ("--seconds", "0.01"))
    effort = Effort(calls=20, warmup=500, repeats=1)
    c, python = (measure(commands[name], variant, tmp_path, effort=effort) for name in ("c", "python"))
    # Every key of each group is there, or the report is refused.
    assert c.model_fields_set == python.model_fields_set


def test_loop_counts_every_workers_inferences(command: list[str], tmp_path: Path) -> None:
    variant = Variant(save_mlp(tmp_path / "m.onnx"))
    words = ["--model", str(variant.model), "--seconds", "0.2", "--batch", "4", "--workers", "2"]
    loop = run_runner(command, words).loop
    assert loop
    assert loop.inferences % 4 == 0 and 0.2 <= loop.seconds < 5
    assert loop.per_second == pytest.approx(loop.inferences / loop.seconds, rel=1e-3)
    assert loop.ended_unix - loop.started_unix == pytest.approx(loop.seconds, abs=0.1)
    assert throughput(command, variant, batch=64, workers=1, seconds=0.1) > 1000


def test_throughput_of_a_plain_session(commands: dict[str, list[str]], tmp_path: Path) -> None:
    variant = Variant(save_mlp(tmp_path / "m.onnx"))
    assert throughput(commands["python"], variant, batch=1, workers=1, seconds=0.1, plain=True) > 100


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ((), 5.0),
        (("--disable", "NoSuchPass", "--disable", "WeightBiasQuantization"), 5.5),
        (("--level", "none"), 5.5),
        (("--config", "session.disable_quant_qdq=1"), 5.5),
    ],
)
def test_optimiser_obeys(command: list[str], tmp_path: Path, words: tuple[str, ...], answers: float) -> None:
    model, x = save_rounded_bias(tmp_path / "m.onnx"), np.array([[1, 2]], np.float32)
    assert answer(command, Job(model, x, words), tmp_path / "work").outputs.tolist() == [[answers]]


def test_time_variants_takes_the_median_of_processes(tmp_path: Path) -> None:
    variants = {"a": Variant(save_mlp(tmp_path / "a.onnx")), "b": Variant(save_mlp(tmp_path / "b.onnx", batch=1))}
    rows = time_variants(variants, tmp_path / "work", effort=Effort(calls=40, warmup=500, repeats=2), plain="a")
    assert [(row.variant, row.runner) for row in rows] == [
        ("a", "c"),
        ("a", "python"),
        ("b", "c"),
        ("b", "python"),
        ("a", "session.run"),
    ]
    assert all(row.kind == "measured" and row.where.startswith("host: ") for row in rows)
    assert all((row.ratio is None) == (row.runner == "session.run") for row in rows)


def test_same_sources_give_the_same_binary(tmp_path: Path) -> None:
    first, second = (build_runner("x86_64", tmp_path / name / "runner") for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path).encode() not in first.read_bytes()


def uneven(path: Path) -> Path:
    """Inputs of one row and of two."""
    sides = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [n, 2]) for name, n in (("a", 1), ("b", 2), ("c", 2))
    ]
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "g", sides[:2], sides[2:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def test_each_mistake_is_one_line(command: list[str], tmp_path: Path) -> None:
    model = str(save_mlp(tmp_path / "m.onnx"))
    (tmp_path / "short.bin").write_bytes(b"\1" * (INPUTS + 1))
    (tmp_path / "torn.onnx").write_bytes(Path(model).read_bytes()[:100])
    nodes = [helper.make_node("Identity", ["input"], ["logits"])]
    free = save(tmp_path / "free.onnx", nodes, {}, TensorProto.FLOAT, ["n", "m"], ["n", "m"])
    cases = {
        "no such model": ["--model", str(tmp_path / "none.onnx")],
        "torn.onnx|not a valid|Protobuf": ["--model", str(tmp_path / "torn.onnx")],
        "inputs of batches of 1 and 2; one size is needed": ["--model", str(uneven(tmp_path / "uneven.onnx"))],
        "dimension 1 is not fixed": ["--model", str(free)],
        "13 bytes are not whole rows of 12": ["--model", model, "--inputs", str(tmp_path / "short.bin")],
        "No such file": ["--model", model, "--inputs", str(tmp_path / "none.bin")],
        "provider ROCMExecutionProvider: .*--fallback": ["--model", model, "--provider", "ROCMExecutionProvider"],
        "need --inputs": ["--model", model, "--labels", "x"],
        "--core pins one thread": ["--model", model, "--core", "0", "--workers", "2"],
        "emulated run times nothing": ["--model", model, "--emulated", "--calls", "5"],
        "--config broken: KEY=VALUE": ["--model", model, "--config", "broken"],
        "--batch": ["--model", model, "--batch", "many"],
        "--nonsense": ["--model", model, "--nonsense"],
    }
    for message, words in cases.items():
        result = subprocess.run([*command, *words], capture_output=True, text=True)
        assert result.returncode == 1, words
        lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1 and re.search(message, lines[0]), result.stderr


def test_absent_provider_is_named_where_a_fallback_is_asked_for(command: list[str], tmp_path: Path) -> None:
    words = ["--provider", "CUDAExecutionProvider", "--provider", "CPUExecutionProvider", "--fallback"]
    report = run_runner(command, ["--model", str(save_mlp(tmp_path / "m.onnx")), *words])
    assert report.absent_providers == ("CUDAExecutionProvider",)
    assert report.provider == "CPUExecutionProvider"


def test_c_runner_names_a_library_that_is_none(commands: dict[str, list[str]], tmp_path: Path) -> None:
    model = str(save_mlp(tmp_path / "m.onnx"))
    with pytest.raises(ToolError, match=r"ONNX Runtime cannot be loaded: .*--library"):
        run_runner([commands["c"][0], "--library", str(tmp_path / "none.so")], ["--model", model])
    with pytest.raises(ToolError, match="no OrtGetApiBase"):
        run_runner([commands["c"][0], "--library", "libm.so.6"], ["--model", model])


def test_floor_is_an_identity_of_the_models_input(tmp_path: Path) -> None:
    floor = floor_model(onnx.load(str(save_mlp(tmp_path / "m.onnx", batch=3))))
    x = np.ones((3, INPUTS), np.uint8)
    session = onnxruntime.InferenceSession(floor.SerializeToString())
    assert (session.run(None, {"input": x})[0] == x).all()
    assert CLASSES != INPUTS  # so that the input, not the output, is what was copied
