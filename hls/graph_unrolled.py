"""Which products of a graph are unrolled where all are wanted so: those too dense for the device are folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hls.units import unrolled
from hls.units.product import Product
from hls.units.stage import Stage
from hls.unrolled.fabric import USUAL, Fabric, fabric_of
from toolchain.errors import TooLargeError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Window
from toolchain.results.folding import TooDense

T = TypeVar("T")

OPTION = "unrolled"
"""Name of the option of a product whose weights are wiring."""


@dataclass(frozen=True)
class Wish:
    """That products be unrolled.

    Attributes:
        dense: those that are not.
    """

    dense: tuple[TooDense, ...] = ()

    def offered(self, stages: Sequence[Stage]) -> tuple[Stage, ...]:
        """The stages, with the options alone that the wish leaves."""
        folded = {each.tensor for each in self.dense}
        return tuple(_only(stage, stage.tensor not in folded) for stage in stages)


def _only(stage: Stage, unroll: bool) -> Stage:
    wanted = tuple(option for option in stage.options if (option.name == OPTION) == unroll)
    return replace(stage, options=wanted) if wanted else stage


def unrolled_where_it_fits(graph: Graph, made: Callable[[Wish], T], family: str = USUAL) -> tuple[T, Wish]:
    """What `made` makes of the wish for as many unrolled products as fit: the largest ones are given up first.

    Those whose wires are foreseen to find no way on the board's `fpga.family` are never unrolled.

    Raises:
        TooLargeError: it does not fit with all of them folded either.
    """
    products = _products(graph, fabric_of(family))
    never = [each for each, offered in products if not offered]
    rest = sorted((each for each, offered in products if offered), key=lambda each: -each.lut)
    for count in range(len(rest) + 1):
        wish = Wish((*never, *rest[:count]))
        try:
            return made(wish), wish
        except TooLargeError:
            if count == len(rest):
                raise
    raise AssertionError("the last one returns or raises")


def _products(graph: Graph, fabric: Fabric) -> list[tuple[TooDense, bool]]:
    """All products, what each takes unrolled, and whether it can be."""
    found = []
    for node in graph:
        if isinstance(node.op, Linear):
            before = graph[node.inputs[0]]
            window = before.op if isinstance(before.op, Window) else None
            product = Product(node.op, window, graph.types[(before if window else node).inputs[0]])
            lut = round(unrolled.needs(product).lut)
            routes = fabric.routes(lut)
            taken = TooDense(tensor=node.name, lut=lut, reason="lut" if routes else "wires")
            found.append((taken, routes and any(True for _ in unrolled.options(product))))
    return found
