"""ONNX Runtime: the graphs of a network for a board, their proof, timing and runners."""
