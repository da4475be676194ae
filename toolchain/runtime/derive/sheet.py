"""Putting an ONNX graph together: nodes and constants with names of their own, the same bytes for the same network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from toolchain.errors import ModelError, first_line
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.runtime.builder import ROWS, GraphSettings

Port = tuple[str, Sequence[int]]
"""Name and shape, without the batch, of an input or output."""


class Sheet:
    """Collects nodes and constants."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        """Names of inputs and outputs are reserved."""
        self._nodes: list[NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], TensorProto] = {}
        self._taken = set(reserved)

    def constant(self, values: NDArray[Any] | np.generic, hint: str) -> str:
        """Name of a constant; equal ones are stored once."""
        array = np.asarray(values)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(
                np.ascontiguousarray(array).reshape(array.shape), self._own(hint)
            )
        return self._constants[key].name

    def own_constant(self, values: NDArray[Any], hint: str) -> str:
        """Name of a constant that nothing else shares, so that it can be changed."""
        name = self._own(hint)
        self._constants["own", (), name.encode()] = numpy_helper.from_array(values, name)
        return name

    def add(self, operator: str, inputs: Sequence[str], hint: str, domain: str = "", **attributes: Any) -> str:
        """Append a node; the name of its output, which is `hint` or near it."""
        return self._append(operator, inputs, self._own(hint), domain, attributes)

    def unused(self, hint: str) -> None:
        """Give the last node one more output, which nothing takes."""
        self._nodes[-1].output.append(self._own(hint))

    def end(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """Append the node that makes an output of the graph."""
        self._append(operator, inputs, output, "", attributes)

    def renamed(self, name: str, output: str) -> bool:
        """Let the node that makes a tensor make an output instead, where nothing else takes it; whether it could."""
        if any(name in node.input for node in self._nodes):
            return False
        for node in self._nodes:
            if list(node.output) == [name]:
                node.output[0] = node.name = output
                return True
        return False

    def _append(
        self, operator: str, inputs: Sequence[str], output: str, domain: str, attributes: dict[str, Any]
    ) -> str:
        node = helper.make_node(operator, list(inputs), [output], name=output, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self._nodes.append(node)
        return output

    def _own(self, hint: str) -> str:
        name, count = hint, 1
        while name in self._taken:
            name, count = f"{hint}_{count}", count + 1
        self._taken.add(name)
        return name

    def model(
        self, name: str, inputs: Sequence[Port], outputs: Sequence[Port], settings: GraphSettings
    ) -> onnx.ModelProto:
        """The finished model, with float32 inputs and outputs of shape (rows, ...).

        Raises:
            ModelError: it is not a valid ONNX model: a fault of the maker.
        """
        sources, sinks = ([_value(port, settings.batch) for port in ports] for ports in (inputs, outputs))
        graph = helper.make_graph(self._nodes, name, sources, sinks, list(self._constants.values()))
        opsets = [helper.make_opsetid("", settings.opset)]
        if any(node.domain for node in self._nodes):
            opsets.append(helper.make_opsetid("com.microsoft", 1))
        ir_version = IR_VERSIONS[settings.opset]
        model = helper.make_model(graph, producer_name="gateweave", opset_imports=opsets, ir_version=ir_version)
        try:
            onnx.checker.check_model(model)
        except onnx.checker.ValidationError as error:
            raise ModelError(f"{name}: not a valid model: {first_line(error)}") from error
        return model


def _value(port: Port, batch: int | None) -> ValueInfoProto:
    name, shape = port
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [ROWS if batch is None else batch, *shape])
