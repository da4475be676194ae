"""Run as a script by the Python that will run the network: says what it is, and what ONNX Runtime it can import."""

import json
import os
import platform
import sys


def main() -> None:
    """Print one JSON object: the interpreter, and with the argument `runtime` what it imports."""
    found = {
        "machine": os.uname()[4],
        "python": platform.python_version(),
        "glibc": platform.libc_ver(sys.executable)[1],
    }
    if sys.argv[1:] == ["runtime"]:
        import numpy
        import onnxruntime

        found["numpy"] = numpy.__version__
        found["onnxruntime"] = onnxruntime.__version__
        found["providers"] = onnxruntime.get_available_providers()
        found["folder"] = os.path.dirname(onnxruntime.__file__)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
