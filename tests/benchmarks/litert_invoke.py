"""Some inferences by LiteRT's interpreter on one thread, on the Python that runs this.

python litert_invoke.py NETWORK.tflite COUNT [maps]: with `maps`, tells at which addresses code lies.
"""

from __future__ import annotations

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
(detail,) = interpreter.get_input_details()
interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
for _ in range(int(sys.argv[2])):
    interpreter.invoke()
if "maps" in sys.argv:
    with open("/proc/self/maps") as maps:
        print(maps.read())
