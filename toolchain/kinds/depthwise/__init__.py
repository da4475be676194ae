"""A convolution, then pairs of a depthwise one and one of a single tap, and a dense end."""
