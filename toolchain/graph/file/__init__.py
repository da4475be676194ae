"""The integer graph as an ONNX file: qonnx's and ONNX's own operators, which Netron opens and qonnx's executor runs."""
