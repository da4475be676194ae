"""From a trained float network to a QONNX file: read, quantised with Brevitas, tuned, compared."""
