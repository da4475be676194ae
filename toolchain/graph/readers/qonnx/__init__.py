"""The QONNX reader: exact streamlining of a whole graph. `read.read_qonnx` is its door."""
