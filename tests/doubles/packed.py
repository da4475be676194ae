"""A package's manifest and its device.json, whole, of which a test says what counts for it."""

from __future__ import annotations

from typing import Any

IDENTITY = {"model_hash": "aa" * 8, "build_id": "bb" * 8}


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest as it stands in a package, but for its files and its digest."""
    return {
        "format": 2,
        "board": "ulx3s",
        "model": "cqmlp",
        "flow": "open",
        "strategy": "folded",
        "variant": "default-folded",
        "fps": None,
        "recipe": {"name": "default"},
        "seeds": {},
        "git": {"revision": None, "dirty": None},
        "tools": {},
        "packages": {},
        "status": "bitstream",
        "stages": {},
        "data": None,
        "accuracy": None,
        "identity": IDENTITY,
        **changes,
    }


def device(**graph: Any) -> dict[str, Any]:
    """A device.json with one graph, `fp32`, of one float input and output.

    Args:
        graph: what stands otherwise of the graph.
    """
    side = {"type": "float", "elements": 1}
    return {
        "format": 3,
        "board": "host",
        "title": "this computer",
        "model": "cqmlp",
        "machine": "x86_64",
        "image": "",
        "python": "3.11",
        "onnxruntime": "1.25.1",
        "providers": ["CPUExecutionProvider"],
        "cores": 1,
        "core": 0,
        "emulator": None,
        "jetson": None,
        "wheels": [],
        "graphs": {
            "fp32": {
                "file": "models/fp32.onnx",
                "sha256": "00" * 32,
                "floor": None,
                "promise": {"kind": "exact", "differing": 0, "tolerance": 0, "tie": 0},
                "precision": "fp32",
                "gpu": True,
                "meaning": "as it is",
                "proved": "all equal",
                "within_budget": True,
                "options": {"level": "all", "disabled": [], "entries": []},
                "inputs": [{"name": "input", "shape": [1, 1], "type": "float"}],
                "outputs": [{"name": "output", "type": "float"}],
                "open": True,
                "batch": None,
                **graph,
            }
        },
        "chosen": "fp32",
        "budget": 0.001,
        "outputs": "classes",
        "golden": {
            "inputs": "golden/inputs.bin",
            "outputs": "golden/outputs.bin",
            "magnitudes": "golden/magnitudes.bin",
            "vectors": 1,
            "rows": {"inputs": [side], "outputs": [side]},
            "classes": [],
            "kind": "test set",
        },
    }
