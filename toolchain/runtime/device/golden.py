"""The golden vectors of a package, and whether answers on the device agree with theirs. Plain bytes, no library."""

from array import array
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence

from toolchain.errors import VerificationError

Values = Sequence[float]
"""An array of any element type."""

# Type codes of Python's arrays by the names of ONNX's element types (all sizes are those of Linux on 64 bits).
TYPES = {
    "uint8": "B",
    "int8": "b",
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "uint64": "Q",
    "int64": "q",
    "float": "f",
    "double": "d",
    "bool": "B",
}


class Golden(NamedTuple):
    """Vectors and the answers of the reference.

    Attributes:
        vectors: how many there are.
        inputs: all of them, one after the other.
        outputs: the reference's outputs, likewise.
    """

    vectors: int
    inputs: Values
    outputs: Values


class Verdict(NamedTuple):
    """How answers compare.

    Attributes:
        compared: number of vectors.
        equal: those with all outputs equal.
        labels_differing: those whose label differs; a tie is no difference.
        worst: the greatest difference of any output.
        first: the first vector that is not equal.
        passed: whether that is what the graph promises.
    """

    compared: int
    equal: int
    labels_differing: int
    worst: float
    first: Optional[int]
    passed: bool


def read(package: Path, golden: Mapping[str, Any]) -> Golden:
    """Read `golden/`, as device.json describes it.

    Raises:
        VerificationError: the files are not as described.
    """
    vectors = golden["vectors"]
    inputs = read_array(package / golden["inputs"], golden["input_type"])
    outputs = read_array(package / golden["outputs"], golden["output_type"])
    if (len(inputs), len(outputs)) != (vectors * golden["input_elements"], vectors * golden["output_elements"]):
        raise VerificationError(f"{package / golden['inputs']}: not the {vectors} vectors that device.json names")
    return Golden(vectors, inputs, outputs)


def read_array(path: Path, kind: str) -> Values:
    """Raw little-endian values of an ONNX element type."""
    values = array(TYPES[kind])
    values.frombytes(path.read_bytes())
    return values


def write_inputs(golden: Golden, kind: str, path: Path) -> None:
    """Write the vectors as a graph's input type wants them."""
    path.write_bytes(array(TYPES[kind], golden.inputs).tobytes())


def compare(golden: Golden, answers: Values, judge: Mapping[str, Any]) -> Verdict:
    """Hold answers against the reference.

    Args:
        judge: what the graph promises. `kind` is "exact" (every output equal), "labels" (at most the share `differing`
            of labels differs) or "values" (no output is off by more than `tolerance`).

    Raises:
        VerificationError: there are not as many answers as vectors.
    """
    if len(answers) != len(golden.outputs):
        raise VerificationError(f"{len(answers)} outputs came back, not {len(golden.outputs)}")
    width = len(answers) // golden.vectors
    rows = [slice(i * width, (i + 1) * width) for i in range(golden.vectors)]
    unequal = [i for i, row in enumerate(rows) if answers[row] != golden.outputs[row]]
    labels = sum(_label_differs(golden.outputs[rows[i]], answers[rows[i]]) for i in unequal)
    worst = max((_distance(golden.outputs[rows[i]], answers[rows[i]]) for i in unequal), default=0.0)
    passed = {
        "exact": not unequal,
        "labels": labels <= judge.get("differing", 0) * golden.vectors,
        "values": worst <= judge.get("tolerance", 0),
    }[judge["kind"]]
    first = unequal[0] if unequal else None
    return Verdict(golden.vectors, golden.vectors - len(unequal), labels, worst, first, passed)


def as_json(verdict: Verdict) -> Dict[str, Any]:
    """A verdict as plain JSON."""
    return dict(verdict._asdict())


def _label_differs(expected: Values, found: Values) -> bool:
    """Whether the label found (the first of equal outputs) is none of the reference's greatest; NaN is no answer."""
    if _has_nan(found):
        return True
    return expected[list(found).index(max(found))] != max(expected)


def _distance(expected: Values, found: Values) -> float:
    return float("inf") if _has_nan(found) else max(abs(a - b) for a, b in zip(expected, found))


def _has_nan(values: Values) -> bool:
    return any(value != value for value in values)
