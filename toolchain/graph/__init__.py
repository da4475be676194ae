"""Export to QONNX, streamlining to an all-integer graph, and the exact executor all stages answer to."""
