"""How every program of a package begins: the package is checked before anything of it is imported.

Never imported itself: `programs.write_program` puts what follows in the place of its import. Python 3.6 or newer.
"""

import os
import sys

MYPY = False
if MYPY:  # At run time it could be found beside the program.
    from typing import Any, Dict

HERE = os.path.dirname(os.path.abspath(__file__))
# Nothing that lies beside this program is imported.
sys.path[:] = [path for path in sys.path if __name__ != "__main__" or (path and os.path.abspath(path) != HERE)]
_intact: "Dict[str, Any]" = {"__name__": "intact"}
try:
    import hashlib

    # Read as source: a cached copy beside it could be another one. It checks all files before any is imported.
    with open(os.path.join(HERE, "lib", "toolchain", "device", "intact.py"), "rb") as _file:
        _source = _file.read()
    with open(os.path.join(HERE, "manifest.json"), "rb") as _file:
        if hashlib.sha256(_source).hexdigest().encode() not in _file.read():
            raise ValueError("intact.py was altered")
    exec(compile(_source, "intact.py", "exec"), _intact)
    start, open_lib = _intact["start"], _intact["open_lib"]
    _intact["uncache"](__spec__)
except Exception as error:
    sys.exit("error: this package is damaged (" + str(error) + "); copy the package again")
