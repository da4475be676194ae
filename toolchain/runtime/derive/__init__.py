"""ONNX Runtime graphs of any integer graph: float versions, int8 kernels and TensorRT's shape, all exact."""
