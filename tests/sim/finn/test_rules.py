"""What FINN has RTL for, held against the installed FINN: the rules by which nodes are refused before it is started."""

from __future__ import annotations

import itertools
from pathlib import Path

from onnx import helper
from qonnx.custom_op.registry import getCustomOp

from tests.sim.finn.networks import PYNQ, ZCU104
from toolchain.errors import ModelError
from toolchain.finn.adapter import enter
from toolchain.finn.layers import Windows
from toolchain.finn.lowering import must_be_generated
from toolchain.finn.model import DOMAIN, form_of
from toolchain.graph.graph import Node
from toolchain.graph.ops import window

# Layers that a node would want, and that FINN has in HLS only.
NO_RTL = (
    "DuplicateStreams",
    "GlobalAccPool",
    "LabelSelect",
    "Lookup",
    "Pool",
    "StreamingConcat",
    "StreamingSplit",
    "UpsampleNearestNeighbour",
)


def test_all_windows_that_are_not_refused_can_be_generated(tmp_path: Path) -> None:
    """FINN's generator asserts, or takes the logarithm of 0, for some; those are refused by rules of our own."""
    sizes, kernels = ((1, 9), (4, 4), (6, 9)), ((1, 1), (1, 2), (2, 1), (3, 3), (4, 4), (1, 5))
    steps, gaps, folds = ((1, 1), (2, 2), (1, 3), (4, 4)), ((1, 1), (2, 2), (1, 3)), ((1, 1), (4, 1), (4, 4))
    taken = refused = 0
    with enter(tmp_path):
        for size, kernel, stride, dilation, (channels, simd) in itertools.product(sizes, kernels, steps, gaps, folds):
            windows = Windows("w", "UINT4", size, channels, kernel, stride, dilation).restful
            if min(windows.positions) < 1 or windows.kernel == windows.stride == (1, 1):
                continue
            try:
                must_be_generated(Node("w", window(kernel)), windows)
            except ModelError:
                refused += 1
                continue
            _generate(windows, simd)
            taken += 1
    assert taken > 100
    assert refused > 10


def _generate(windows: Windows, simd: int) -> None:
    _, attributes, _ = form_of(windows, narrow=False)
    operator = getCustomOp(
        helper.make_node(
            "ConvolutionInputGenerator_rtl", ["x"], ["y"], domain=f"{DOMAIN}.rtl", **{**attributes, "SIMD": simd}
        )
    )
    parallel = operator.select_impl_style() == "parallel"
    (operator.prepare_codegen_parallel if parallel else operator.prepare_codegen_default)()
    assert operator.get_exp_cycles() > 0


def test_what_is_refused_has_no_rtl_for_these_devices(tmp_path: Path) -> None:
    with enter(tmp_path) as finn:
        rtl = finn.get("custom_op.fpgadataflow.rtl", "custom_op")
        assert not {f"{name}_rtl" for name in NO_RTL} & set(rtl)
        assert {"MVAU_rtl", "Thresholding_rtl", "FMPadding_rtl", "ConvolutionInputGenerator_rtl"} <= set(rtl)
        versal = finn.get("util.basic", "is_versal")
        assert not versal(ZCU104) and not versal(PYNQ)
