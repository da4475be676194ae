"""CQMLP: a 2-bit multi-layer perceptron that detects intrusions on a CAN bus."""
