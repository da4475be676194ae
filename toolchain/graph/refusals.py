"""What ONNX Runtime says of a model that it does not take, in our words: which operator, which node, which type.

Its own text goes with the error as its cause, and so to a stage's log.
"""

from __future__ import annotations

import re

from toolchain.errors import first_line

_NODE = r"node (?:with name )?[('\"](?P<node>[^)'\"]*)[)'\"]"
# Texts of ONNX Runtime 1.11 to 1.25: onnxruntime/core/graph/graph.cc, core/framework/session_state.cc and kernels.
_KNOWN = (
    (
        r"Type '(?P<type>[^']+)' of input parameter \((?P<input>[^)]*)\) of operator \((?P<operator>\w+)\) in " + _NODE,
        "operator {operator} takes no {type}",
    ),
    (
        r"Type parameter \(\w+\) of Optype \((?P<operator>\w+)\) bound to different types "
        r"\((?P<type>[^ ]+) and (?P<other>[^ ]+) in " + _NODE,
        "operator {operator} is given {type} and {other} at once",
    ),
    (
        r"Type \((?P<type>.+?)\) of output arg \([^)]*\) of " + _NODE + r" does not match expected type "
        r"\((?P<other>.+?)\)\.",
        "an output is declared as {type}, and is {other}",
    ),
    (
        r"Could not find an implementation for (?P<operator>\w+)\((?P<opset>\d+)\) " + _NODE,
        "operator {operator} of opset {opset} is not implemented for its types on the CPU provider",
    ),
    (
        r"(?P<operator>\w+)\((?P<opset>-?\d+)\) is not a registered function/op",
        "operator {operator} is unknown to it",
    ),
    (
        r"No Op registered for (?P<operator>\w+) with domain_version of (?P<opset>\d+)",
        "operator {operator} is unknown in opset {opset}",
    ),
    (
        r"^Node \((?P<node>[^)]*)\) Op \((?P<operator>\w+)\) \[\w+\] (?P<rest>.+)",
        "operator {operator}: {rest}",
    ),
    (
        r"while running (?P<operator>\w+) node\. Name:'(?P<node>[^']*)' Status Message: (?P<rest>.+)",
        "operator {operator} fails: {rest}",
    ),
)
_CODE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_CHATTER = re.compile(r"^(?:Load model from .*? failed:)?(?:This is an invalid model\. )?(?:Error in .*?: )?")
# A source file of the machine that built it, and the C++ function there.
_PLACE = re.compile(r"(?:\S*/)?[\w.]+\.(?:cc|h|cpp|cu):\d+ (?:.*?\)(?: const)?(?: \[with .*?\])? )?")


def in_our_words(error: BaseException) -> str:
    """What is wrong with the model, in one line; what is not known is told without codes and places in C++."""
    line = _PLACE.sub("", _CHATTER.sub("", _CODE.sub("", first_line(error)))).strip() or first_line(error)
    for pattern, words in _KNOWN:
        if found := re.search(pattern, line):
            said = found.groupdict()
            where = f" (node {said['node']})" if said.get("node") else ""
            return words.format(**{key: _type(value) for key, value in said.items() if value}) + where
    return line


def _type(name: str) -> str:
    return name.removeprefix("tensor(").removesuffix(")")
