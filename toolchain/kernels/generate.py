"""A graph as `model.h` and `model.c`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from toolchain.errors import ModelError
from toolchain.graph.deciding import idle_flags, thresholds_of, widths_of
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Gate, Input, Linear, Op, Reduce, Repeat, Reshape, Transpose, Window
from toolchain.kernels import gather, planes, whole
from toolchain.kernels.c_text import Whole, c_type, stored
from toolchain.kernels.fused import Fused, fused
from toolchain.kernels.memory import Buffer, MemoryPlan, planned
from toolchain.kernels.nodes import KERNELS, linear, reduce
from toolchain.kernels.row import Row, RowKernel
from toolchain.kernels.steps import Step, root, steps_of
from toolchain.kernels.text import NEVER, Argument, Stops, arguments, header, source
from toolchain.kernels.ways import ORDER, ROWS, WRITTEN, Ways


@dataclass(frozen=True)
class CSource:
    """A network as C.

    Attributes:
        header, source: text of ``model.h`` and ``model.c``.
        tensors: what ``model_run`` takes and fills, in order, inputs first.
        memory: where tensors and rows lie in the work space.
        stops: of a network of several stages.
        ways: which way each node goes whose kind has several.
        whole: steps that some processors run whole, by the names of their last nodes.
    """

    header: str
    source: str
    tensors: tuple[Argument, ...]
    memory: MemoryPlan
    stops: Stops = NEVER
    ways: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()


def c_source(graph: Graph, rows: int = 1, ways: Ways = WRITTEN, *, timed: bool = False) -> CSource:
    """The graph as C99 that includes the standard headers alone.

    Args:
        rows: how many rows go through a step's nodes at once: many are faster and take more memory.
        ways: how its nodes are computed; see `toolchain.kernels.choose`.
        timed: calls of steps, and of nodes that may go several ways, are arguments of the macros that `choose` defines.

    Raises:
        ModelError: a node kind has no kernel; names each such node.
    """
    known: tuple[type[Op], ...] = (*KERNELS, Gate, Input, Reshape, Window, Repeat, Transpose)
    if missing := [f"{node.name} ({type(node.op).__name__})" for node in graph if not isinstance(node.op, known)]:
        raise ModelError(f"no C for {', '.join(missing)}; the interpreter and ONNX Runtime take such a network")
    return _Writer(graph, rows, ways, timed=timed).run()


class _Writer:
    def __init__(self, graph: Graph, rows: int, ways: Ways, *, timed: bool) -> None:
        self._graph, self._steps, self._most = graph, steps_of(graph), rows
        self._ways, self._timed, self._gone = ways, timed, dict[str, str]()
        self._tensors = arguments(
            [
                *((name, graph.types[name], None) for name in graph.inputs),
                *((output.name, graph.types[output.node], output) for output in graph.outputs),
            ]
        )
        self._given = dict(zip(graph.inputs, self._tensors, strict=False))
        self._helpers: dict[str, None] = {}
        self._idle = idle_flags(graph)

    def run(self) -> CSource:
        functions = [text for number, step in enumerate(self._steps) for text in self._functions(number, step)]
        calls = [*(self._call(number, step) for number, step in enumerate(self._steps)), *self._copies()]
        if text := self._planes():
            functions, calls = [*functions, text], [*self._by_planes(), *calls]
        stops = Stops(thresholds_of(self._graph), widths_of(self._graph))
        return CSource(
            header(self._tensors, self._memory.size, stops),
            source(self._tensors, [*self._helpers, *functions], calls, stops, together=self._together),
            self._tensors,
            self._memory,
            stops,
            self._gone,
            tuple(step.result for step, quick in zip(self._steps, self._fused, strict=True) if quick),
        )

    @cached_property
    def _written(self) -> dict[str, Argument]:
        """The outputs that are written where they leave, by the tensors that they are."""
        roots = {step.result for step in self._steps}
        written: dict[str, Argument] = {}
        for tensor in self._tensors:
            if tensor.output and (name := root(self._graph, tensor.output.node)) in roots:
                written.setdefault(name, tensor)
        return written

    @cached_property
    def _memory(self) -> MemoryPlan:
        last: dict[str, int] = {}
        for number, step in enumerate(self._steps):
            needed = (*step.takes, *self._idle[step.result])
            last.update(dict.fromkeys((root(self._graph, name) for name in needed), number))
        made = {step.result: number for number, step in enumerate(self._steps)}
        tensors = [
            Buffer(name, self._bytes(name), number, last.get(name, number))
            for name, number in made.items()
            if name not in self._written
        ]
        return planned([*tensors, *(row for n, step in enumerate(self._steps) for row in self._rows(n, step))])

    def _bytes(self, name: str) -> int:
        kind = self._graph.types[name]
        return kind.size * stored(kind).itemsize

    def _rows(self, number: int, step: Step) -> Iterator[Buffer]:
        """Rows between a step's nodes."""
        for node in step.nodes[:-1]:
            row = self._row(node, step)
            size = self._at_once(step) * row.size * row.dtype.itemsize
            yield Buffer(_row_name(number, node), size, number, number)
        if (quick := self._fused[number]) and quick.space:
            yield Buffer(_own_name(number), quick.space, number, number)

    @cached_property
    def _fused(self) -> tuple[Fused | None, ...]:
        """What of each step some processors run whole; nothing where memory is scarce, or vectors are the rows."""
        if self._most < whole.POSITIONS or self._together:
            return (None,) * len(self._steps)
        return tuple(self._fused_step(number, step) for number, step in enumerate(self._steps))

    def _fused_step(self, number: int, step: Step) -> Fused | None:
        if step.moves or len(step.takes) > 1 or self._ways.steps.get(step.result) == ROWS:
            return None
        types = [self._graph.types[node.name] for node in step.nodes]
        return fused([node.op for node in step.nodes], self._graph.types[step.takes[0]], types, f"s{number}")

    def _row(self, node: Node, step: Step) -> Row:
        """What a node makes: a tensor is kept narrow, a row between two nodes as sums come."""
        kind = self._graph.types[node.name]
        if node.name == step.result or not isinstance(node.op, Linear | Reduce):
            return Row(kind, stored(kind))
        return Row(kind, self._sums(node))

    def _sums(self, node: Node) -> Whole:
        (kind,) = self._graph.types_into(node)
        x = Row(kind, stored(kind))
        if isinstance(node.op, Linear):
            return linear.sums_of(node.op, x)
        assert isinstance(node.op, Reduce)
        return reduce.sums_of(node.op, x)

    def _functions(self, number: int, step: Step) -> Iterator[str]:
        """The kernels of a step, and the function that goes through its rows."""
        if step.moves:
            yield self._moving(number, step)
            return
        rows = self._taken(step)
        for place, node in enumerate(step.nodes):
            y = self._row(node, step)
            if not isinstance(node.op, Window):
                yield self._kernel(f"n{number}_{place}", node, rows, y)
            rows = (y,)
        if quick := self._fused[number]:
            self._helpers.update(dict.fromkeys(quick.helpers))
            yield quick.constants
        yield self._looping(number, step)

    def _taken(self, step: Step) -> tuple[Row, ...]:
        kinds = [self._graph.types[name] for name in step.takes]
        return tuple(Row(kind, stored(kind)) for kind in kinds)

    def _kernel(self, name: str, node: Node, xs: tuple[Row, ...], y: Row) -> str:
        way = {"way": self._ways.nodes.get(node.name)} if type(node.op) in ORDER else {}
        made: RowKernel = KERNELS[type(node.op)](node.op, name, xs, y, **way)
        self._helpers.update(dict.fromkeys(made.helpers))
        takes = ", ".join(f"const {x.c} *restrict x{i}" for i, x in enumerate(xs))
        steps = ", ".join([*(f"x{i} += {x.size}" for i, x in enumerate(xs)), f"y += {y.size}"])
        lines = [*made.at_once, f"for (int r = 0; r < rows; r++, {steps}) {{", *_indented(made.body), "}"]
        body = "\n".join(_indented(lines))
        if made.way:
            self._gone[node.name] = made.way
        return f"{''.join(made.constants)}static void {name}({takes}, {y.c} *restrict y, int rows)\n{{\n{body}\n}}\n"

    def _moving(self, number: int, step: Step) -> str:
        (node,), (x,) = step.nodes, self._taken(step)
        assert isinstance(node.op, Repeat | Transpose)
        lines = gather.whole(node.op, x.type, self._graph.types[node.name])
        return self._framed(number, step, lines)

    def _looping(self, number: int, step: Step) -> str:
        positions, most = self._positions(step), self._at_once(step)
        lines = []
        for node in step.nodes[:-1]:
            row = self._row(node, step)
            place = self._memory.offsets[_row_name(number, node)]
            lines.append(f"{row.c} *const {_local(step, node)} = ({row.c} *)(void *)(space + {place});")
        if quick := self._fused[number]:
            lines += ["#ifdef MODEL_DOTS", *self._whole(number, step, quick), "return;", "#endif"]
        if self._together:
            lines.append(f"for (size_t p = 0; p < vectors; p += {most}) {{")
            lines.append(f"    const int rows = vectors - p < {most} ? (int)(vectors - p) : {most};")
        else:
            lines.append(f"for (int p = 0; p < {positions}; p += {most}) {{")
            left = f"{positions} - p < {most} ? {positions} - p : " if positions % most else ""
            lines.append(f"    const int rows = {left}{most};")
        lines += [f"    {line}" for line in self._row_calls(number, step)]
        return self._framed(number, step, (*lines, "}"))

    def _whole(self, number: int, step: Step, quick: Fused) -> Iterator[str]:
        """The step by what runs its first nodes whole."""
        place = f"space + {self._memory.offsets[_own_name(number)]}" if quick.space else ""
        yield from quick.opened("x0", place, "y")
        if quick.rows is None:
            return
        positions, most = self._positions(step), whole.POSITIONS
        yield f"for (int p = 0; p < {positions}; p += {most}) {{"
        yield f"    const int rows = {positions} - p < {most} ? {positions} - p : {most};"
        yield from (f"    {line}" for line in quick.rows(self._target(step.nodes[quick.nodes - 1], step)))
        yield from (f"    {line}" for line in self._row_calls(number, step, quick.nodes))
        yield "}"

    def _target(self, node: Node, step: Step) -> str:
        """Where a node's rows go."""
        size = self._graph.types[node.name].channels
        return f"y + (size_t)p * {size}" if node is step.nodes[-1] else _local(step, node)

    def _positions(self, step: Step) -> int:
        return math.prod(self._graph.types[step.nodes[0].name].shape[:-1])

    def _at_once(self, step: Step) -> int:
        return self._most if self._together else min(self._most, self._positions(step))

    @cached_property
    def _together(self) -> bool:
        """Whether vectors are to the network what rows are to a step: each step is of one row and makes an output."""
        there = [*self._given, *self._written]
        return (
            bool(self._steps)
            and not any(True for _ in self._copied())
            and all(step.result in self._written for step in self._steps)
            and all(root(self._graph, name) in there for step in self._steps for name in step.takes)
            and not any(map(self._is_alone, self._steps))
        )

    def _is_alone(self, step: Step) -> bool:
        """Whether it has several rows, or may be idle for a vector."""
        several = step.moves or isinstance(step.nodes[0].op, Window) or self._positions(step) > 1
        return several or bool(self._idle[step.result])

    def _planes(self) -> str | None:
        """C that runs the first step of many vectors by bits; None where that is none, or memory is scarce."""
        return planes.planes(self._graph, self._steps[0].nodes) if self._together and self._most > 1 else None

    def _by_planes(self) -> Iterator[str]:
        """The first step so, and the others behind it, as long as there are so many vectors."""
        lanes, first = planes.LANES, self._steps[0]
        more = ", ".join(f"{t.c_name} += {lanes} * {t.macro}" for t in self._tensors)
        yield "#ifdef MODEL_PLANES"
        yield f"for (; vectors >= {lanes}; vectors -= {lanes}, {more}) {{"
        yield f"    planes_run({self._place(first.takes[0])}, {self._place(first.result)});"
        yield from (f"    {self._call(n, step, str(lanes))}" for n, step in enumerate(self._steps) if n)
        yield "}"
        yield "#endif"

    def _copied(self) -> Iterator[Argument]:
        """Outputs that no step writes where they leave."""
        for tensor in self._tensors:
            if tensor.output and self._written.get(root(self._graph, tensor.output.node)) is not tensor:
                yield tensor

    def _row_calls(self, number: int, step: Step, first: int = 0) -> Iterator[str]:
        """Calls of a step's nodes from the `first` on."""
        rows = [f"x{i} + (size_t)p * {row.size}" for i, row in enumerate(self._taken(step))]
        for place, node in enumerate(step.nodes):
            target = self._target(node, step)
            if place < first:
                pass
            elif isinstance(node.op, Window):
                yield from self._windowed(node, step, target)
            else:
                call = f"n{number}_{place}({', '.join([*rows, target, 'rows'])});"
                timed = self._timed and type(node.op) in ORDER
                yield f"MODEL_NODE({number}, {place}, {call})" if timed else call
            rows = [target]

    def _windowed(self, node: Node, step: Step, target: str) -> Iterator[str]:
        assert isinstance(node.op, Window)
        (x,), row = self._taken(step), self._row(node, step)
        yield "for (int r = 0; r < rows; r++) {"
        yield f"    {row.c} *const row = {target} + (size_t)r * {row.size};"
        yield from (f"    {line}" for line in gather.window_row(node.op, x.type, row.type, row.c))
        yield "}"

    def _framed(self, number: int, step: Step, lines: tuple[str, ...]) -> str:
        takes = ", ".join(f"const {x.c} *x{i}" for i, x in enumerate(self._taken(step)))
        body = "\n".join(f"    {line}" for line in lines)
        space = ", unsigned char *space" if len(step.nodes) > 1 else ""
        space += ", size_t vectors" if self._together else ""
        told = "; ".join(f"{node.name} ({type(node.op).__name__})" for node in step.nodes).replace("*/", "* /")
        made = self._row(step.nodes[-1], step).c
        return f"/* {told} */\nstatic void step{number}({takes}, {made} *y{space})\n{{\n{body}\n}}\n"

    def _call(self, number: int, step: Step, vectors: str = "vectors") -> str:
        space = ["space"] if len(step.nodes) > 1 else []
        space += [vectors] if self._together else []
        call = f"step{number}({', '.join([*map(self._place, step.takes), self._place(step.result), *space])});"
        if self._timed:
            call = f"MODEL_STEP({number}, {call})"
        flags = " && ".join(f"!({self._place(flag)})[0]" for flag in self._idle[step.result])
        return f"if ({flags}) {call}" if flags else call

    def _place(self, name: str) -> str:
        """Where a tensor lies."""
        name = root(self._graph, name)
        if tensor := self._given.get(name) or self._written.get(name):
            return tensor.c_name
        return f"({c_type(stored(self._graph.types[name]))} *)(void *)(space + {self._memory.offsets[name]})"

    def _copies(self) -> Iterator[str]:
        """Outputs that are inputs, or the same tensor as another output."""
        for tensor in self._tensors:
            if tensor.output and (place := self._place(tensor.output.node)) != tensor.c_name:
                yield f"memcpy({tensor.c_name}, {place}, {tensor.macro} * sizeof(*{tensor.c_name}));"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _row_name(number: int, node: Node) -> str:
    return f"{number}: {node.name}"


def _own_name(number: int) -> str:
    return f"{number}: its own"


def _local(step: Step, node: Node) -> str:
    return f"row{step.nodes.index(node)}"
