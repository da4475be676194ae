"""What a network's file may be."""

from __future__ import annotations

from typing import Literal

FileFormat = Literal["QONNX", "QDQ", "TFLite", "Gateweave", "ONNX"]
"""QDQ is any ONNX file that computes with 8-bit integers; ONNX one of floats; Gateweave our own integer graph."""
