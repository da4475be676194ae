"""Which file version goes with which version of ONNX's operators."""

# Least IR version of each opset that graphs are built for (ONNX, docs/Versioning.md): old runtimes read no newer one.
IR_VERSIONS = {13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10}
