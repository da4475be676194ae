"""From an integer network to a bitstream, with open tools only."""
