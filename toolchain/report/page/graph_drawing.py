"""The integer graph as a drawing: a box a node, from top to bottom, with its shape, type and cycles.

Boxes have one size for wide and narrow pages, which scroll; colours are the page's, so that they follow light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from toolchain.report.graph_nodes import ToldNode, graph_of
from toolchain.report.page.gather import Build
from toolchain.report.page.values import count, mapping, number, objects, text

MOST = 400
"""Nodes that are drawn; a larger graph is for a viewer of its own."""

_WIDTH, _HEIGHT, _ROW, _GAP = 206.0, 58.0, 82.0, 18.0
_PASSING = 12.0
_LETTERS = {"name": 28, "kind": 35, "type": 35}
"""Lines of a box, and how many letters each holds."""
_MARGIN = 8.0


@dataclass(frozen=True)
class _Item:
    """A box, or where a wire passes a row (then it has no node); `after` names what its wires come from."""

    name: str
    row: int
    after: tuple[str, ...]
    node: ToldNode | None = None
    x: float = 0.0

    @property
    def width(self) -> float:
        return _WIDTH if self.node else _PASSING

    @property
    def top(self) -> float:
        return _MARGIN + self.row * _ROW


@dataclass(frozen=True)
class GraphDrawing:
    """The drawing of a build's graph, or why there is none; neither where no stage left a graph."""

    svg: Markup | None = None
    why: str = ""


def graph_drawing(build: Build) -> GraphDrawing:
    """The drawing of a build's graph, of at most `MOST` nodes."""
    graph = graph_of(build.layout, build.seconds)
    if graph.why:
        return GraphDrawing(why=f"{graph.file} cannot be read as integers: {graph.why}")
    if len(graph.nodes) > MOST:
        return GraphDrawing(why=f"{graph.file} has {len(graph.nodes):,} nodes, too many for a page: open it in Netron")
    return GraphDrawing(draw_graph(graph.nodes, cycles_of(build)) if graph.nodes else None)


def cycles_of(build: Build) -> dict[str, float]:
    """Cycles of an inference by the node whose tensor they make, as folding expects them."""
    folding = mapping(build.facts.get("fold"), "folding")
    stages = [(text(stage, "tensor"), number(stage, "cycles")) for stage in objects(folding, "stages")]
    layers = [(text(layer, "name"), number(layer, "cycles")) for layer in objects(folding, "layers")]
    return {name: cycles for name, cycles in (*stages, *layers) if cycles is not None}


def draw_graph(nodes: Sequence[ToldNode], cycles: Mapping[str, float]) -> Markup:
    """A graph as SVG; the same nodes give the same bytes."""
    items = _placed(_items(nodes))
    width = max(item.x + item.width for item in items.values()) + _MARGIN
    height = max(item.top for item in items.values()) + _HEIGHT + _MARGIN
    slowest = max(cycles.values(), default=0.0)
    wires = [_wire(items[name], item) for item in items.values() for name in item.after]
    boxes = [_box(item, item.node, cycles, slowest) for item in items.values() if item.node]
    return Markup(
        f'<svg class="graph" role="img" aria-label="{len(nodes)} nodes of the integer graph" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
        f"{''.join(wires)}{''.join(boxes)}</svg>"
    )


def _items(nodes: Sequence[ToldNode]) -> dict[str, _Item]:
    """Boxes, each a row below the lowest that it takes, and where wires pass the rows between; ascending by row."""
    rows: dict[str, int] = {}
    items: list[_Item] = []
    for node in nodes:
        rows[node.name] = 1 + max((rows[name] for name in node.inputs), default=-1)
        wires = {name: _passing(name, node.name, rows) for name in node.inputs}
        items += (item for passing in wires.values() for item in passing)
        ends = tuple(passing[-1].name if passing else name for name, passing in wires.items())
        items.append(_Item(node.name, rows[node.name], ends, node))
    return {item.name: item for item in sorted(items, key=lambda item: item.row)}


def _passing(source: str, sink: str, rows: Mapping[str, int]) -> list[_Item]:
    """Where the wire from one node to another passes the rows between them."""
    passing: list[_Item] = []
    for row in range(rows[source] + 1, rows[sink]):
        above = passing[-1].name if passing else source
        passing.append(_Item(f"{source}\n{sink}\n{row}", row, (above,)))
    return passing


def _placed(items: Mapping[str, _Item]) -> dict[str, _Item]:
    """Each below the middle of what it comes from, side by side where that is one place."""
    done: dict[str, _Item] = {}
    for row in range(1 + max(item.row for item in items.values())):
        wanted = [(_wish(item, done), item) for item in items.values() if item.row == row]
        end = float("-inf")
        for middle, item in sorted(wanted, key=lambda one: one[0]):
            x = max(middle - item.width / 2, end + _GAP)
            done[item.name], end = replace(item, x=x), x + item.width
    done = _centred(done)
    left = min(item.x for item in done.values())
    return {name: replace(item, x=item.x - left + _MARGIN) for name, item in done.items()}


def _centred(done: dict[str, _Item]) -> dict[str, _Item]:
    """What is alone in its row stands over the middle of those that take it."""
    for item in reversed(list(done.values())):
        takers = [other for other in done.values() if item.name in other.after]
        if takers and sum(other.row == item.row for other in done.values()) == 1:
            middle = sum(other.x + other.width / 2 for other in takers) / len(takers)
            done[item.name] = replace(item, x=middle - item.width / 2)
    return done


def _wish(item: _Item, done: Mapping[str, _Item]) -> float:
    middles = [done[name].x + done[name].width / 2 for name in item.after]
    return sum(middles) / len(middles) if middles else 0.0


def _wire(source: _Item, sink: _Item) -> str:
    start = source.x + source.width / 2, source.top + _HEIGHT
    end = sink.x + sink.width / 2, sink.top
    bend = (_ROW - _HEIGHT) / 2
    through = f"V {sink.top + _HEIGHT:.1f}" if sink.node is None else ""
    return (
        f'<path class="wire" d="M {start[0]:.1f} {start[1]:.1f} C {start[0]:.1f} {start[1] + bend:.1f} '
        f'{end[0]:.1f} {end[1] - bend:.1f} {end[0]:.1f} {end[1]:.1f} {through}"/>'
    )


def _box(item: _Item, node: ToldNode, cycles: Mapping[str, float], slowest: float) -> str:
    own = cycles.get(node.name)
    lines = [node.name, node.kind, _result(node, own)]
    texts = [_text(item, place, kind, line) for place, (kind, line) in enumerate(zip(_LETTERS, lines, strict=True))]
    return (
        f"<g><title>{escape(' · '.join(lines))}</title>"
        f'<rect class="box{" computes" if node.computes else ""}" x="{item.x:.1f}" y="{item.top:.1f}" '
        f'width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" rx="6"/>{_bar(item, own, slowest)}{"".join(texts)}</g>'
    )


def _text(item: _Item, place: int, kind: str, line: str) -> str:
    shown = escape(_short(line, _LETTERS[kind]))
    return f'<text class="{kind}" x="{item.x + 9:.1f}" y="{item.top + 17 + 16 * place:.1f}">{shown}</text>'


def _result(node: ToldNode, cycles: float | None) -> str:
    said = f"{'x'.join(map(str, node.shape))} {node.type}"
    return said if cycles is None else f"{said} · {count(cycles)} cycles"


def _bar(item: _Item, cycles: float | None, slowest: float) -> str:
    """How much of the slowest node's cycles this one takes, along the lower edge."""
    if cycles is None or not slowest:
        return ""
    kind = "cycles slowest" if cycles == slowest else "cycles"
    width = max(2.0, (_WIDTH - 12) * cycles / slowest)
    return (
        f'<rect class="{kind}" x="{item.x + 6:.1f}" y="{item.top + _HEIGHT - 4:.1f}" width="{width:.1f}" height="3"/>'
    )


def _short(line: str, letters: int) -> str:
    return line if len(line) <= letters else line[: letters - 1] + "…"
