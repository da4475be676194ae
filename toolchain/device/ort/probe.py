"""Run as a script by the Python that will run the network: says what it is, and what ONNX Runtime it can import."""

import json
import os
import platform
import sys


def glibc() -> str:
    """Version of the C library, empty where it is another one."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2]
    except (ValueError, OSError):
        return ""


def main() -> None:
    """Print one JSON object: the interpreter, and with the argument `runtime` what it imports."""
    found = {
        "machine": os.uname()[4],
        "python": platform.python_version(),
        "glibc": glibc(),
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
