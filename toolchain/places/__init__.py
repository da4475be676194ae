"""Where work is done: here, or on a machine that is reached by SSH."""
