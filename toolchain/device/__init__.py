"""What runs on a device, with the standard library only: link, agent, ONNX Runtime, and what checks a package."""
