"""`README.md` of a device package: how to run it, what each graph promises, what has not been tried."""

from __future__ import annotations

from collections.abc import Sequence

from toolchain.board import Jetson, OrtBoard
from toolchain.results.device import COMPILED, DeviceDescription, PackedGraph, PackedInput, Promise

_KINDS = {"test set": "of the test set", "calibration": "of the calibration data", "random": "random"}
# ONNX's names of types that NumPy calls otherwise.
_NUMPY = {"float": "float32", "double": "float64"}
_LEVELS = {
    level: f"onnxruntime.GraphOptimizationLevel.ORT_{name}"
    for level, name in (("extended", "ENABLE_EXTENDED"), ("basic", "ENABLE_BASIC"), ("none", "DISABLE_ALL"))
}


_LIBRARY = "| `library/` | the network as plain C without ONNX Runtime, with a README of its own |\n"


def readme(board: OrtBoard, device: DeviceDescription, *, library: bool = False) -> str:
    """The package's README.

    Args:
        device: what device.json says.
        library: whether the package holds the network as C, too.
    """
    jetson = _jetson(board.jetson) if board.jetson else ""
    own_c = _LIBRARY if library else ""
    vectors, chosen, machine = f"{device.golden.vectors:,}", device.chosen, board.runtime.machine
    return f"""# {device.model} for {board.title}

One command checks the package (SHA-256 of every file), the device and its versions, installs what the package brings,
compares the answers to {vectors} golden vectors, and measures latency:

    ./run.sh

It writes to `work/` beside it and nowhere else, and needs neither root nor a network{_offline(device)}.
`./run.sh --help` lists options; every figure is in `work/selftest.json`, labelled with the machine it was measured on.

{_needs(board, device)}

## Graphs

{_graphs(device)}

{_outputs(device)}
The golden vectors are {_KINDS[device.golden.kind]}.{_exact(device)}
The self-test checks what is promised, and says what it found. The build chose `{chosen}`; the self-test times all of
them and says which is fastest here.

## In your own program

{_example(device)}{_other_operator(device)}

The C runner is in `runner/`: source, and binaries for aarch64 and x86-64 that load `libonnxruntime.so` at run time
(`runner/runner-{machine} --help`).
{jetson}
## What is in it

| file | what |
|---|---|
| `run.sh`, `selftest.py`, `lib/` | the self-test; standard library only, Python 3.6 or newer |
| `device.json` | what the package expects of the device, and what each graph promises |
| `models/` | the graphs, and an Identity model: the least latency that ONNX Runtime has here |
| `runner/` | the runners in C and in Python: answers, latency, loops for throughput and energy |
{own_c}| `golden/` | vectors and reference outputs, raw and little-endian, as device.json describes them |
| `MODEL.md` | the network, and what was compared |
| `manifest.json` | SHA-256 of every file, tools, seeds, revision, verification |

{_tried(board)}
"""


def _offline(device: DeviceDescription) -> str:
    return ": the wheels are in `wheels/`" if any(wheel.packed for wheel in device.wheels) else ""


def _needs(board: OrtBoard, device: DeviceDescription) -> str:
    packed = all(wheel.packed for wheel in device.wheels)
    runtime = board.runtime
    rows = [[f"`{w.file}`", w.source, w.sha256 or "not published"] for w in device.wheels]
    table = _table(["wheel", "from", "SHA-256"], rows)
    what = "with these wheels, which are in `wheels/`" if packed else "with these wheels, **not** in the package"
    return f"It was built for {runtime.image}: Python {runtime.python} on {runtime.machine}, {what}:\n\n{table}"


def _graphs(device: DeviceDescription) -> str:
    rows = [
        [f"`{name}`", graph.meaning, graph.proved, _promise(graph.promise) + _beyond(graph, device.budget)]
        for name, graph in device.graphs.items()
    ]
    return _table(["graph", "what", "compared in the build", "promise"], rows)


def _beyond(graph: PackedGraph, budget: float) -> str:
    if graph.within_budget or graph.promise.kind == "none":
        return ""
    return f"; **beyond the budget of {budget:.1%}, and so never chosen**"


def _outputs(device: DeviceDescription) -> str:
    """What the outputs are proved as."""
    if device.outputs == "classes":
        return "The outputs are scores of classes, or labels: the label is what counts."
    return "The outputs are values: each of them counts."


def _exact(device: DeviceDescription) -> str:
    """What the word in the table means, of the graphs that it is said of."""
    names = [f"`{name}`" for name, graph in device.graphs.items() if graph.promise.kind == "exact"]
    if not names:
        return ""
    said = f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} {'are' if names[1:] else 'is'} exact"
    return f" {said}: every output equals the reference's on the CPU provider; NaN equals NaN."


def _promise(promise: Promise) -> str:
    return {
        "exact": "exact",
        "labels": f"{_share(promise)} of the labels differ (ties aside)",
        "none": "**no promise**, and so never chosen",
        "values": f"{_share(promise)} of the vectors are off by more than {promise.tolerance:.3g} of an output's size",
    }[promise.kind]


def _share(promise: Promise) -> str:
    return f"at most {promise.differing:.2%}" if promise.differing else "none"


def _example(device: DeviceDescription) -> str:
    graph = device.graphs[device.chosen]
    options = graph.options
    disabled = f", disabled_optimizers={list(options.disabled)!r}" if options.disabled else ""
    level = "" if options.level == "all" else f"    options.graph_optimization_level = {_LEVELS[options.level]}\n"
    entries = "".join(
        "    options.add_session_config_entry({!r}, {!r})\n".format(*entry.split("=", 1)) for entry in options.entries
    )
    return (
        "    import onnxruntime\n\n"
        "    options = onnxruntime.SessionOptions()\n"
        "    options.intra_op_num_threads = 1\n"
        f"{level}{entries}{_operator(device, device.chosen)}"
        f'    session = onnxruntime.InferenceSession("{graph.file}", options, '
        f'providers=["CPUExecutionProvider"]{disabled})\n'
        f"    outputs = session.run(None, {_feeds(graph)})\n\n"
        f"{_rows(graph)} These are the session options that the answers were proved with."
    )


def _operator(device: DeviceDescription, name: str) -> str:
    """The line that makes a network's own operator known; empty where the graph has none."""
    if name != COMPILED:
        return ""
    library = f"{device.graphs[name].file.removesuffix('.onnx')}-{device.machine}.so"
    return f'    options.register_custom_ops_library("{library}")\n'


def _other_operator(device: DeviceDescription) -> str:
    """How the graph of one operator is opened, where another one was chosen."""
    if COMPILED not in device.graphs or device.chosen == COMPILED:
        return ""
    return (
        f"\n\n`{COMPILED}` is the network as one operator of compiled C, which ONNX Runtime has to be told of:\n\n"
        "    options = onnxruntime.SessionOptions()\n"
        f"{_operator(device, COMPILED)}"
        f'    session = onnxruntime.InferenceSession("{device.graphs[COMPILED].file}", options)'
    )


def _feeds(graph: PackedGraph) -> str:
    """What a session is given, as Python writes it."""
    if len(graph.inputs) == 1:
        return "{session.get_inputs()[0].name: rows}"
    return "{" + ", ".join(f"{given.name!r}: rows_{index}" for index, given in enumerate(graph.inputs)) + "}"


def _rows(graph: PackedGraph) -> str:
    """What one call takes."""
    one = len(graph.inputs) == 1
    many = f"the batch is fixed at {graph.batch}" if graph.batch else "N is up to you"
    given = [_array("rows" if one else f"rows_{index}", graph, side) for index, side in enumerate(graph.inputs)]
    return f"{'; '.join(given)}: {many}."


def _array(name: str, graph: PackedGraph, side: PackedInput) -> str:
    kind = _NUMPY.get(side.type, side.type)
    sizes = [str(graph.batch or "N"), *map(str, side.shape[1:])]
    return f"`{name}` is an array of {kind}, of shape ({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _jetson(jetson: Jetson) -> str:
    modes = ", ".join(f"{number} is {name}" for number, name in sorted(jetson.power_modes.items()))
    int8 = "" if jetson.int8 else " This GPU has no INT8, so the QDQ graph runs on the CPU only."
    return f"""
## On a Jetson

Set the power mode and fix the clocks before you measure (`sudo nvpmodel -m N`: {modes}; then
`sudo jetson_clocks`). Both are recorded in `work/selftest.json`, all clocks if you run it as root. Providers are
TensorRT, CUDA and CPU, in this order; where one is absent the self-test stops and names it, and `--fallback` goes on
without it. The first run builds TensorRT's engines, which takes minutes; they are kept in `work/engines/`, a folder for
each graph, ONNX Runtime, TensorRT and GPU, and are good for this device alone.{int8}

`./trtexec.sh` times the graphs with TensorRT's own tool, to compare.
"""


def _tried(board: OrtBoard) -> str:
    """What the build ran, and what it did not."""
    if board.runtime.machine == "x86_64":
        return "The build compared all answers on an x86-64 machine; your processor may be another."
    return (
        "The build compared all answers on x86-64. `make verify` runs this package as aarch64 code in an emulator, "
        f"which proves answers and no time. **Nothing here has been run on a {board.title} by the build.**"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
