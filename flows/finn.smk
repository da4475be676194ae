# From QONNX through FINN to a hand-off, or a bitstream where Vivado is.

NEEDS |= {
    "map": ["export"],
    "generate": ["streamline", "map"],
    "simulate": ["export", "streamline", "map", "generate"],
    "synthesise": ["generate"],
    "compare": ["export", "streamline", "map", "simulate", "synthesise"],
    "project": ["map"],
    "implement": ["project", "simulate"],
    "package": [stage for stage in request.stages if stage != "package"],
}
