# From an integer network to a bitstream and a board package, with open tools only.

NEEDS |= {
    "fold": ["streamline"],
    "generate": ["export", "streamline", "fold"],
    "simulate": ["export", "streamline", "generate"],
    "synthesise": ["generate"],
    "implement": ["synthesise"],
    "bitstream": ["implement"],
    "package": [stage for stage in request.stages if stage != "package"],
    # On demand: the chip as it really is, run through its pins.
    "verify": ["streamline", "export", "generate", "package"],
}
