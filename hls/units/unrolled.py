"""Matrix products whose weights are wiring: all neurons and inputs of a position in a clock, without a multiplier.

What is shared between neurons is found by `hls.unrolled`, which makes whole cores of dense chains so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hls.netlist import Wire, Wiring
from hls.units import window as windows
from hls.units.product import Product
from hls.units.stage import Option, chained
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Unit
from hls.unrolled.estimate import lut_of_digits
from hls.unrolled.product import ConstantProduct, constant_product

Integers = NDArray[np.int64]

# Non-zero digits of all weights up to which sharing takes seconds.
_MOST_DIGITS = 3000


def options(product: Product) -> Iterator[Option]:
    """The option, where there is one: products of one tap, of not too many weights and of all their bits."""
    if product.linear.taps > 1 or product.most_bits is not None or not _few_digits(product):
        return

    def added(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        return chained(wiring, wires, build(name, product))

    inputs, outputs = product.linear.inputs, product.linear.outputs
    yield Option("unrolled", cycles(product), needs(product), (inputs,), outputs, added)


def cycles(product: Product) -> int:
    """Clocks between inferences at least: one a position, where a window steps over some those too."""
    walk = _walked(product)
    return windows.cycles(walk) if walk else product.positions


def build(name: str, product: Product) -> tuple[Unit, ...]:
    """The unit of the product, and before it the one of the window where there is one."""
    return windows.in_front(_unit(name, product), name, _walked(product), product.x.element, product.element)


def _walked(product: Product) -> windows.Walk | None:
    return windows.walk(product.x, product.window, product.linear.inputs) if product.window else None


def _unit(name: str, product: Product) -> Unit:
    made, module, positions = _made(name, product), f"unrolled_{name}", product.positions
    return Unit(
        name,
        module,
        {},
        (Stream(product.element, product.linear.inputs, positions),),
        (Stream(product.accumulator, product.linear.outputs, positions, name),),
        positions,
        lambda: Tokens((Take(every(positions)),), every(positions), made.latency + 1),
        _own_needs(product),
        text=lambda: _text(module, made, product),
    )


def _made(name: str, product: Product) -> ConstantProduct:
    """Of codes: ``value = low + step * code`` before and behind."""
    x, sums, weights = product.element, product.accumulator, _whole(product)
    constants = product.linear.bias + x.low * weights.sum(axis=0) - sums.low
    most = (product.row.high - x.low) // x.step
    return constant_product(name, weights * (x.step // sums.step), constants // sums.step, most, x.bits, sums.bits)


def _whole(product: Product) -> Integers:
    """Weights of all inputs, (inputs, outputs): zero between groups."""
    linear = product.linear
    rows, columns = linear.inputs // linear.groups, linear.outputs // linear.groups
    whole = np.zeros((linear.inputs, linear.outputs), np.int64)
    for group in range(linear.groups):
        own = slice(group * columns, (group + 1) * columns)
        whole[group * rows : (group + 1) * rows, own] = linear.weights[:, own]
    return whole


def _few_digits(product: Product) -> bool:
    """Whether sharing is quick; a weight has a digit at least, so those of many need not be counted."""
    return int(np.count_nonzero(product.linear.weights)) <= _MOST_DIGITS and product.digits <= _MOST_DIGITS


def needs(product: Product) -> Needs:
    """Estimated needs of the product and of the window before it, if any."""
    return _own_needs(product) + windows.needs(_walked(product), product.element.bits)


def _own_needs(product: Product) -> Needs:
    lut = lut_of_digits(product.digits, product.linear.outputs, product.element.bits)
    return Needs(lut, 0.69 * lut**1.06)


def _text(module: str, made: ConstantProduct, product: Product) -> str:
    """The unit's module, which keeps beats moving, and the pipeline in it."""
    before = product.linear.inputs * product.element.bits - 1
    behind = product.linear.outputs * product.accumulator.bits - 1
    last = made.latency
    return f"""// Generated: a product by constants, a position a clock.
// Timing: a beat waits for room; its sums are pushed {last + 1} clocks later.
module {module} (
    input clk,
    input rst,
    input [{before}:0] in_data,
    input in_valid,
    output in_ready,
    input out_room,
    output out_reserve,
    output out_push,
    output [{behind}:0] out_data
);
    assign in_ready = out_room;
    assign out_reserve = in_valid && out_room;
    reg [{before}:0] taken;
    // Bit k: a beat was taken k + 1 clocks ago.
    reg [{last}:0] valid;
    always @(posedge clk) begin
        taken <= in_data;
        valid <= rst ? {last + 1}'d0 : {{valid[{last - 1}:0], out_reserve}};
    end
    assign out_push = valid[{last}];
    {module}_sums sums (.clk(clk), .x(taken), .y(out_data));
endmodule

{made.verilog(f"{module}_sums")}"""
