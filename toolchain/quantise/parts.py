"""Nodes of a traced network and the modules that they call."""

from __future__ import annotations

from brevitas.backport import fx
from torch import nn


def part_of(module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that a node calls; None where it calls none."""
    return module.get_submodule(str(node.target)) if node.op == "call_module" else None


def source_of(module: fx.GraphModule) -> fx.Node:
    """The node of the network's input."""
    return next(node for node in module.graph.nodes if node.op == "placeholder")


def put_behind(module: fx.GraphModule, node: fx.Node, name: str, part: nn.Module) -> None:
    """Add a module that takes a node's result; whoever took that takes the module's."""
    module.add_module(name, part)
    with module.graph.inserting_after(node):
        made = module.graph.call_module(name, (node,))
    node.replace_all_uses_with(made, lambda user: user is not made)
    module.recompile()
