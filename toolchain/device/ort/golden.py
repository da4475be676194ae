"""The golden vectors of a package, and whether answers on the device agree with theirs. Plain bytes, no library."""

import math
from array import array
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

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


class GoldenArrays(NamedTuple):
    """Vectors and the answers of the reference.

    Attributes:
        vectors: how many there are.
        inputs: all of them, one after the other.
        outputs: the reference's outputs, likewise.
        magnitudes: how large each output usually is; differences are measured by it.
        rows: what a row of "inputs" and of "outputs" holds, as device.json says it.
        packed: how many the package has, of which its promises are, where these are fewer.
        stages: what stands at the end of an answer by the stage that gave it, of a network of several stages.
    """

    vectors: int
    inputs: Values
    outputs: Values
    magnitudes: Values
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    packed: Optional[int] = None
    stages: Sequence[float] = ()


class Verdict(NamedTuple):
    """How answers compare.

    Attributes:
        promised: what the graph promises of so many vectors.
        compared: number of vectors.
        equal: those with all outputs equal; NaN equals NaN.
        labels_differing: those whose label differs; a tie is no difference. With one output it is the label.
        beyond: those with an output off by more than the promised tolerance.
        worst: the greatest difference of any output.
        first: the first vector that is not equal.
        passed: whether that is what the graph promises; of one that promises nothing it is.
        decisions: of a network of several stages how many vectors each stage answered, and how many vectors the stage
            answered that does so in the reference, too.
    """

    promised: Dict[str, Any]
    compared: int
    equal: int
    labels_differing: int
    beyond: int
    worst: float
    first: Optional[int]
    passed: bool
    decisions: Optional[Dict[str, Any]] = None


def read(package: Path, golden: Mapping[str, Any]) -> GoldenArrays:
    """Read `golden/`, as device.json describes it.

    Raises:
        VerificationError: the files are not as described.
    """
    vectors, rows = golden["vectors"], golden["rows"]
    inputs, outputs = (read_rows(package / golden[side], rows[side]) for side in ("inputs", "outputs"))
    magnitudes = read_array(package / golden["magnitudes"], "double")
    if (len(inputs), len(outputs)) != (vectors * _elements(rows["inputs"]), vectors * _elements(rows["outputs"])):
        raise VerificationError(f"{package / golden['inputs']}: not the {vectors} vectors that device.json names")
    stages = golden.get("stages") or ()
    return GoldenArrays(vectors, inputs, outputs, magnitudes, rows, stages=stages)


def fewer(golden: GoldenArrays, vectors: int) -> GoldenArrays:
    """So many of them, spread evenly, or all; see `toolchain.runtime.package_golden.choose_vectors`."""
    count = max(1, min(golden.vectors, vectors))

    def chosen(values: Values) -> Values:
        width = len(values) // golden.vectors
        firsts = [place * golden.vectors // count * width for place in range(count)]
        return [value for first in firsts for value in values[first : first + width]]

    inputs, outputs = chosen(golden.inputs), chosen(golden.outputs)
    return golden._replace(vectors=count, inputs=inputs, outputs=outputs, packed=golden.vectors)


def read_array(path: Path, kind: str) -> Values:
    """Raw little-endian values of an ONNX element type."""
    values = array(TYPES[kind])
    values.frombytes(path.read_bytes())
    return values


def read_rows(path: Path, sides: Sequence[Mapping[str, Any]]) -> Values:
    """Raw rows, each of several sides one after the other, as values in that order.

    Args:
        sides: `type` and `elements` of each.

    Raises:
        VerificationError: the file holds no whole rows.
    """
    if len({side["type"] for side in sides}) == 1:
        return read_array(path, sides[0]["type"])
    raw, at = path.read_bytes(), 0
    values: List[float] = []
    while at < len(raw):
        for side in sides:
            part = array(TYPES[side["type"]])
            end = at + part.itemsize * side["elements"]
            if end > len(raw):
                raise VerificationError(f"{path}: no whole rows")
            part.frombytes(raw[at:end])
            values.extend(part)
            at = end
    return values


def write_inputs(golden: GoldenArrays, graph: Mapping[str, Any], folder: Path) -> Path:
    """Write the vectors as a graph's inputs want them; returns the file."""
    sides = [{"type": i["type"], "elements": s["elements"]} for i, s in zip(graph["inputs"], golden.rows["inputs"])]
    path = folder / inputs_file(graph)
    if len({side["type"] for side in sides}) == 1:
        path.write_bytes(array(TYPES[sides[0]["type"]], golden.inputs).tobytes())
        return path
    with path.open("wb") as stream:
        at = 0
        while at < len(golden.inputs):
            for side in sides:
                stream.write(array(TYPES[side["type"]], golden.inputs[at : at + side["elements"]]).tobytes())
                at += side["elements"]
    return path


def inputs_file(graph: Mapping[str, Any]) -> str:
    """Name of the file with the vectors as a graph takes them, in the self-test's folder."""
    return "inputs-{}.bin".format("-".join(side["type"] for side in graph["inputs"]))


def answers_of(golden: GoldenArrays, graph: Mapping[str, Any], path: Path) -> Values:
    """What a runner wrote of a graph.

    Raises:
        VerificationError: no whole answers.
    """
    pairs = zip(graph["outputs"], golden.rows["outputs"])
    return read_rows(path, [{"type": o["type"], "elements": s["elements"]} for o, s in pairs])


def _elements(sides: Sequence[Mapping[str, Any]]) -> int:
    return sum(side["elements"] for side in sides)


def compare(golden: GoldenArrays, answers: Values, promise: Mapping[str, Any]) -> Verdict:
    """Hold answers against the reference.

    Args:
        promise: of the graph. `kind` is "exact" (every output equal), "labels" (at most the share `differing`
            of labels differs; outputs within `tie` of a vector's greatest are equal to it) or "values" (at most the
            share `differing` of vectors has an output off by more than `tolerance` of its magnitude), or "none".

    Raises:
        VerificationError: there are not as many answers as vectors.
    """
    if len(answers) != len(golden.outputs):
        raise VerificationError(f"{len(answers)} outputs came back, not {len(golden.outputs)}")
    width = len(answers) // golden.vectors
    rows = [slice(i * width, (i + 1) * width) for i in range(golden.vectors)]
    unequal = [i for i, row in enumerate(rows) if not _same(golden.outputs[row], answers[row])]
    pairs = [(golden.outputs[rows[i]], answers[rows[i]]) for i in unequal]
    labels = sum(_label_differs(expected, found, promise.get("tie", 0)) for expected, found in pairs)
    tolerance = promise.get("tolerance", 0)
    beyond = sum(_relative(expected, found, golden.magnitudes) > tolerance for expected, found in pairs)
    # A share of whole vectors may fall short of them by the rounding of floats.
    # All that may differ may be among those that were chosen.
    promises = int(promise.get("differing", 0) * (golden.packed or golden.vectors) + 1e-6)
    may = {"kind": promise["kind"], "differing": min(promises, golden.vectors)}
    counted = {"exact": len(unequal), "labels": labels, "values": beyond, "none": 0}[promise["kind"]]
    promised = dict(may, tolerance=tolerance) if promise["kind"] == "values" else may
    worst = max((_distance(expected, found) for expected, found in pairs), default=0.0)
    first = unequal[0] if unequal else None
    passed = counted <= may["differing"]
    decisions = _decisions(golden, answers, width) if golden.stages else None
    equal = golden.vectors - len(unequal)
    return Verdict(promised, golden.vectors, equal, labels, beyond, worst, first, passed, decisions)


def _decisions(golden: GoldenArrays, answers: Values, width: int) -> Dict[str, Any]:
    """The last output of a vector tells the stage."""
    said, right = answers[width - 1 :: width], golden.outputs[width - 1 :: width]
    answered = [sum(value == stage for value in said) for stage in golden.stages]
    return {"answered": answered, "equal": sum(one == other for one, other in zip(said, right))}


def as_json(verdict: Verdict) -> Dict[str, Any]:
    """A verdict as plain JSON; a difference without end is null."""
    return dict(verdict._asdict(), worst=verdict.worst if math.isfinite(verdict.worst) else None)


def _same(expected: Values, found: Values) -> bool:
    return expected == found or all(a == b or (a != a and b != b) for a, b in zip(expected, found))


def _label_differs(expected: Values, found: Values, tie: float) -> bool:
    """Whether the label found (the first of equal outputs) is none of the reference's greatest; NaN is no answer."""
    if len(expected) == 1 or _has_nan(found) or _has_nan(expected):
        return True
    size = max((abs(value) for value in expected if math.isfinite(value)), default=0.0)
    return expected[list(found).index(max(found))] < max(expected) - tie * size


def _apart(expected: float, found: float) -> float:
    if expected == found or (expected != expected and found != found):
        return 0.0
    apart = abs(expected - found)
    return float("inf") if apart != apart else apart


def _distance(expected: Values, found: Values) -> float:
    return max(map(_apart, expected, found))


def _relative(expected: Values, found: Values, magnitudes: Values) -> float:
    """The greatest difference by its output's magnitude, or by more where the whole vector is larger than usual."""
    sizes = (abs(value) / size for value, size in zip(expected, magnitudes) if math.isfinite(value))
    grown = max(1.0, max(sizes, default=0.0))
    return max(apart / size for apart, size in zip(map(_apart, expected, found), magnitudes)) / grown


def _has_nan(values: Values) -> bool:
    return any(value != value for value in values)
