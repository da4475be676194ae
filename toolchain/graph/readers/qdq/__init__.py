"""ONNX files of 8-bit integers: QuantizeLinear and DequantizeLinear around float operators, and QLinear operators."""
