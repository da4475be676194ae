# From an integer network through our own RTL with an AXI shell to a hand-off, or a bitstream where Vivado is.

NEEDS |= {
    "fold": ["streamline"],
    "generate": ["export", "streamline", "fold"],
    "simulate": ["export", "streamline", "generate"],
    "synthesise": ["generate"],
    "compare": ["export", "streamline", "fold", "generate", "simulate"],
    "project": ["generate"],
    "implement": ["project"],
    "package": [stage for stage in request.stages if stage != "package"],
}
