"""From QONNX through FINN to a Zynq board."""
