"""The programs of a package for ONNX Runtime."""
