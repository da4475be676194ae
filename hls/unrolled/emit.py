"""A scheduled layer as one Verilog module: its chains, its other nodes, and the registers between cycles."""

from __future__ import annotations

from hls.unrolled.expressions import PAIRED, SINGLE, Expressions, Names, can_lead, has_carry
from hls.unrolled.ir import (
    CHAIN_PLACES,
    Constant,
    Graph,
    Greater,
    Input,
    Memory,
    Rows,
    Stretch,
    Sum,
    operands_of,
)
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.memories import MODULE, Rom, roms_of
from hls.unrolled.schedule import Schedule, is_memory


def emit_layer(layer: LoweredLayer, schedule: Schedule, module: str) -> str:
    """Verilog of one layer: ``module(clk, x, y)``, y being `schedule.latency` cycles behind x."""
    graph, expressions = layer.graph, Expressions(layer.graph)
    last = last_reads(layer, schedule)
    wires = []
    for place, group in enumerate(carry_groups(layer, schedule)):
        names = _names_in(schedule, schedule.cycle[group[0]])
        wires += _define(layer, expressions, group, f"s{place}", names)
    registers, transfers = _registers(layer, schedule, last)
    roms = [line for rom in named_roms(layer, module) for line in _instance(rom, expressions, schedule)]
    names = _names_in(schedule, schedule.latency)
    outputs = [expressions.extended(output, layer.result.bits, names) for output in graph.outputs]
    body = [*_tables(expressions), *registers, *wires, *roms, *transfers, f"assign y = {{{', '.join(outputs[::-1])}}};"]
    return "\n".join([*_header(layer, schedule, module), *(f"    {line}" for line in body), "endmodule", ""])


def named_roms(layer: LoweredLayer, module: str) -> list[tuple[str, Rom]]:
    """The layer's block RAMs, each with the name of the file of its words."""
    return [(f"{module}_rom{index}.hex", rom) for index, rom in enumerate(roms_of(layer.graph))]


def _instance(named: tuple[str, Rom], expressions: Expressions, schedule: Schedule) -> list[str]:
    """The block RAM, whose second reader counts down from the highest address, as the module has it."""
    (file, rom), ports = named, [".clk(clk)"]
    settings = {"BITS": rom.bits, "WIDTH": rom.width}
    for side, table in zip("ab", rom.tables, strict=False):
        address = expressions.address(table.node, _names_in(schedule, schedule.cycle[table.node] - 1))
        settings |= {f"BITS_{side.upper()}": table.address_bits, f"WIDTH_{side.upper()}": table.width}
        ports += [f".word_{side}({'~' * (side == 'b')}{address})", f".fetched_{side}(n{table.node})"]
    if len(rom.tables) == 1:
        ports += [".word_b(1'b0)", ".fetched_b()"]
    values = "".join(f".{key}({value}), " for key, value in settings.items())
    name = file.removesuffix(".hex")
    return [f'{MODULE} #({values}.FILE("{file}")) {name} (', f"    {', '.join(ports)}", ");"]


def last_reads(layer: LoweredLayer, schedule: Schedule) -> dict[int, int]:
    """The last cycle that reads each needed node; outputs are read when the layer is done."""
    graph = layer.graph
    last = {
        identifier: schedule.cycle[identifier]
        for identifier in graph.needed()
        if not isinstance(graph.nodes[identifier], Constant)
    }
    for identifier in list(last):
        read = schedule.cycle[identifier] - is_memory(graph, identifier)
        for source in operands_of(graph.nodes[identifier]):
            if source in last:
                last[source] = max(last[source], read)
    return last | {output: schedule.latency for output in graph.outputs if output in last}


def carry_groups(layer: LoweredLayer, schedule: Schedule) -> list[list[int]]:
    """Nodes in an order that declares before use; sums that share a carry chain in one group.

    Sums of a chain are of one cycle and level, so none depends on another and no loop can arise. Those
    without a carry can only be the first of their chain.
    """
    graph, groups = layer.graph, list[list[int]]()
    places: dict[tuple[int, int], list[int]] = {}
    for identifier in sorted(schedule.cycle):
        if isinstance(graph.nodes[identifier], Constant):
            continue
        places.setdefault((schedule.cycle[identifier], schedule.level[identifier]), []).append(identifier)
    for place in sorted(places):
        # The late ones above: tools take the way up a chain for one that a carry goes.
        places[place].sort(key=lambda identifier: schedule.arrival[identifier])
        carried = [i for i in places[place] if has_carry(graph, i)]
        first = [i for i in places[place] if can_lead(graph, i)]
        stretches = [i for i in places[place] if isinstance(graph.nodes[i], Stretch)]
        others = [i for i in places[place] if i not in {*carried, *first, *stretches}]
        groups += [[i] for i in others] + _chains(graph, first, carried) + _stretches(graph, stretches)
    return groups


def _chains(graph: Graph, first: list[int], carried: list[int]) -> list[list[int]]:
    """Chains of carried sums, each led by a sum without a carry as long as there are any."""
    chains, bits = list[list[int]](), CHAIN_PLACES
    for identifier in carried:
        size = graph.chain_bits(identifier)
        if bits + size > CHAIN_PLACES:
            chains.append([first.pop(0)] if first else [])
            bits = graph.chain_bits(chains[-1][0]) if chains[-1] else 1
        chains[-1].append(identifier)
        bits += size
    return [*chains, *([identifier] for identifier in first)]


def _stretches(graph: Graph, identifiers: list[int]) -> list[list[int]]:
    """Sums behind tables that share a chain; of an even number of places if one can be had, as cells have two."""
    chains, pending = list[list[int]](), list(identifiers)
    while pending:
        chain = [pending.pop(0)]
        while fitting := [i for i in pending if _chain_places(graph, [*chain, i]) <= CHAIN_PLACES]:
            chain.append(fitting[0])
            pending.remove(fitting[0])
        if _chain_places(graph, chain) % 2:
            _make_even(graph, chain, pending)
        chains.append(chain)
    return chains


def _make_even(graph: Graph, chain: list[int], pending: list[int]) -> None:
    """Change the last sum of a chain for a pending one, if that fits."""
    for index, identifier in enumerate(pending):
        places = _chain_places(graph, [*chain[:-1], identifier])
        if places % 2 == 0 and places <= CHAIN_PLACES:
            chain[-1], pending[index] = identifier, chain[-1]
            return


def _chain_places(graph: Graph, chain: list[int]) -> int:
    """Places of a chain, with those that feed carries in and the one that shows the last."""
    places, shown = 0, False
    for identifier in chain:
        node, width = graph.nodes[identifier], graph.width(identifier)
        assert isinstance(node, Stretch)
        size = min(width, len(node.places)) - node.start
        if size > 0:
            places += size + (places > 0 or node.carry is not None)
            shown = width > len(node.places)
    return places + shown


def _define(layer: LoweredLayer, expressions: Expressions, group: list[int], chain: str, names: Names) -> list[str]:
    node = layer.graph.nodes[group[0]]
    if isinstance(node, Sum | Rows):
        return expressions.define_chain(chain, group, names)
    if isinstance(node, Stretch):
        return expressions.define_stretches(chain, group, names)
    if isinstance(node, Input):
        width, low = layer.graph.width(group[0]), node.index * layer.source.bits
        if width == 1:
            return [f"wire n{group[0]} = x[{low}];"]
        return [f"wire [{width - 1}:0] n{group[0]} = x[{low + width - 1}:{low}];"]
    if isinstance(node, Memory):
        return [expressions.declared(group[0])]
    if layer.graph.fabric.paired and isinstance(node, PAIRED):
        return expressions.define_pairs(group[0], names)
    if layer.graph.fabric.tables_on_chain and isinstance(node, SINGLE):
        return expressions.define_tables(group[0], names)
    if layer.graph.fabric.tables_on_chain and isinstance(node, Greater):
        return expressions.define_greater(group[0], names)
    return [expressions.define(group[0], names)]


def _registers(layer: LoweredLayer, schedule: Schedule, last: dict[int, int]) -> tuple[list[str], list[str]]:
    """Declarations of the registers, and the clocked block that moves values from cycle to cycle."""
    registers, transfers = [], []
    for identifier in sorted(last):
        width = layer.graph.width(identifier)
        for age in range(1, 1 + last[identifier] - schedule.cycle[identifier]):
            name = _name(identifier, age)
            registers.append(f"reg {name};" if width == 1 else f"reg [{width - 1}:0] {name};")
            transfers.append(f"    {name} <= {_name(identifier, age - 1)};")
    return registers, ["always @(posedge clk) begin", *transfers, "end"] if transfers else []


def _names_in(schedule: Schedule, cycle: int) -> Names:
    return lambda source: _name(source, cycle - schedule.cycle[source])


def _name(identifier: int, age: int) -> str:
    """Wire of a node, `age` cycles after it was computed."""
    return f"n{identifier}_{age}" if age else f"n{identifier}"


def _header(layer: LoweredLayer, schedule: Schedule, module: str) -> list[str]:
    inputs, outputs = len(layer.source.low), len(layer.result.low)
    return [
        f"// {layer.name}: {inputs} x {layer.source.bits} bits in, {outputs} x {layer.result.bits} bits out, "
        f"{schedule.latency} clock cycles later.",
        f"module {module} (",
        "    input wire clk,",
        f"    input wire [{inputs * layer.source.bits - 1}:0] x,",
        f"    output wire [{outputs * layer.result.bits - 1}:0] y",
        ");",
    ]


def _tables(expressions: Expressions) -> list[str]:
    """A constant for each table; its size is the first number of its name."""
    sizes = {name: int(name[1:].split("_")[0]) for name in expressions.tables}
    return [
        f"localparam [{sizes[name] - 1}:0] {name} = {sizes[name]}'h{contents:X};"
        for name, contents in sorted(expressions.tables.items())
    ]
