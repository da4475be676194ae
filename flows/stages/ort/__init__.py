"""From a network to graphs for ONNX Runtime, each proved and timed, and to a device package."""
