"""Which products of a chain stay unrolled, where the wires of some are foreseen to find no way."""

from __future__ import annotations

from hls.graph_unrolled import Wish, unrolled_where_it_fits
from tests.fast.hls.unrolled.networks import random_network
from toolchain.errors import TooLargeError

GRAPH = random_network([784, 32, 32, 4], 1, "BINARY", zeros=0.5).graph


def test_a_product_whose_wires_find_no_way_is_folded_and_the_reason_kept() -> None:
    _, wish = unrolled_where_it_fits(GRAPH, lambda wish: wish, "ecp5")
    ((tensor, reason),) = [(each.tensor, each.reason) for each in wish.dense]
    assert (tensor, reason) == ("layer0", "wires")


def test_where_no_router_was_measured_only_luts_are_a_reason() -> None:
    def made(wish: Wish) -> None:
        if len(wish.dense) < 2:
            raise TooLargeError("the second layer, too, is too large")

    _, wish = unrolled_where_it_fits(GRAPH, made, "zynq_ultrascale")
    assert [(each.tensor, each.reason) for each in wish.dense] == [("layer0", "lut"), ("layer1", "lut")]
