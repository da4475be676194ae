"""ONNX Runtime graphs of any integer graph: float twins, int8 kernels and TensorRT's shape, all exact."""
