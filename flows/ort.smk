# From a network to graphs for ONNX Runtime, each proved, timed and packed.

NEEDS |= {
    "graphs": list(request.network_stages),
    "prove": ["graphs"],
    "time": ["prove"],
    "package": [stage for stage in request.stages if stage != "package"],
    # On demand: the package run as the board would run it.
    "verify": ["package"],
}
