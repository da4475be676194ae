"""Reads a TFLite file of 8-bit integers into the integer graph, exact to LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from toolchain.errors import ModelError
from toolchain.graph.quiet import quieted
from toolchain.graph.readers.growing import refuse
from toolchain.graph.readers.source import Port, Seen, Source
from toolchain.graph.readers.tflite.building import Building, inner, usable
from toolchain.graph.readers.tflite.ends import Ends
from toolchain.graph.readers.tflite.flatbuffer import DTYPES, File, Operator, open_file
from toolchain.graph.readers.tflite.operators import MAKERS
from toolchain.graph.readers.tflite.quantised import mend, scale_of, zero_of


def read_tflite(path: Path) -> Source:
    """Read a TFLite file; the graph's integers are the file's own 8-bit codes.

    Returns:
        The graph; its `front` and `tail` are None unless the file itself quantises float inputs or dequantises its
        outputs.

    Raises:
        ModelError: the file is broken, or has operators or tensors that are not read: all of them, with the mend.
    """
    file = open_file(path)
    try:
        return _source(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _source(file: File) -> Source:
    _check_wiring(file)
    ends = Ends(file)
    refuse([*_unknown(file, ends), *_floats(file, ends)])
    b = Building(file)
    for tensor in ends.inputs:
        b.start(file.tensors[tensor])
    refuse(_read(b, ends))
    _end(b, ends)
    ports = ([_port(file, i) for i in indices] for indices in (file.inputs, file.outputs))
    inputs, outputs = (tuple(found) for found in ports)
    seen = tuple(Seen(node, str(tensor)) for tensor, node in b.made.items() if tensor not in ends.inputs)
    graph = quieted(b.graph)
    return Source("TFLite", graph, inputs, outputs, ends.front(graph), ends.tail(graph), seen=seen)


def _check_wiring(file: File) -> None:
    """Every tensor has one origin, before the operators that take it."""
    if not file.inputs or not file.outputs:
        raise ModelError(f"{len(file.inputs)} inputs and {len(file.outputs)} outputs; one or more of each is expected")
    made = set(file.inputs)
    for operator in file.operators:
        if twice := made.intersection(operator.outputs):
            raise ModelError(f"{operator}: makes {file.tensors[min(twice)]}, which is made before; the file is broken")
        made.update(operator.outputs)
        if len(set(operator.outputs)) != len(operator.outputs):
            raise ModelError(f"{operator}: makes a tensor twice; the file is broken")
    if lost := [i for i in file.outputs if i not in made]:
        raise ModelError(f"output {file.tensors[lost[0]]} is made by no operator; the file is broken or cut off")


def _unknown(file: File, ends: Ends) -> Iterator[str]:
    """Operators of unknown kinds, one line a kind."""
    kinds: dict[str, list[int]] = {}
    for operator in file.operators:
        if operator.kind not in MAKERS and operator not in ends:
            kinds.setdefault(operator.kind, []).append(operator.index)
    for kind, places in kinds.items():
        where = ", ".join(map(str, places[:5])) + (", ..." if len(places) > 5 else "")
        yield f"operator {where} ({kind}) is not read; {_INSTEAD.get(kind, 'replace it when exporting')}"


_INSTEAD = {
    "MUL": "fold constant factors into the layer before",
    "DEQUANTIZE": "it stands amid the network: quantise all operators to full integers (TFLITE_BUILTINS_INT8)",
    "WHILE": "unroll it",
    "IF": "export one branch",
}


def _floats(file: File, ends: Ends) -> Iterator[str]:
    """Computed tensors that are no 8-bit integers, the first of each type."""
    seen: set[str] = set()
    for operator in file.operators:
        if operator in ends or operator.kind == "ARG_MAX":
            continue
        for i in operator.outputs:
            kind = file.tensors[i].type
            if kind not in ("INT8", "UINT8", *seen):
                seen.add(kind)
                yield f"{operator} computes {file.tensors[i]} of type {kind}; {mend(kind)}"


def _read(b: Building, ends: Ends) -> Iterator[str]:
    """Add all operators' nodes; gives what is wrong, without what follows from it."""
    lost: set[int] = set()
    for operator in b.file.operators:
        if operator in ends:
            continue
        if lost.intersection(operator.inputs):
            lost.update(operator.outputs)
            continue
        try:
            _make(b, operator)
        except ModelError as error:
            lost.update(operator.outputs)
            yield f"{operator}: {error}"


def _make(b: Building, operator: Operator) -> None:
    made = MAKERS[operator.kind](b, operator)
    nodes = made if isinstance(made, list) else [made]
    for place, node in enumerate(nodes):
        result = b.output(operator, place)
        if b.shape(node) != inner(result):
            raise ModelError(f"{result} is declared as {inner(result)}, and is {b.shape(node)}: the file is broken")
        b.made[result.index] = node


def _end(b: Building, ends: Ends) -> None:
    for tensor in map(b.file.tensors.__getitem__, ends.outputs):
        name = tensor.name or f"output_{tensor.index}"
        if tensor.type in ("INT32", "INT64"):
            b.graph.end(name, b.made[tensor.index])
        else:
            scale = scale_of(tensor)
            b.graph.end(name, b.made[tensor.index], scale, -scale * zero_of(tensor))


def _port(file: File, index: int) -> Port:
    tensor = usable(file.tensors[index])
    return Port(tensor.name or f"tensor_{index}", inner(tensor), DTYPES[tensor.type])
