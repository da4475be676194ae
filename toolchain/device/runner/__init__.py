"""The programs that run a model with ONNX Runtime: C sources and a Python script, both copied into packages."""
