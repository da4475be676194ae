"""Mutated input for every door of the product: no traceback, no hang, bounded memory.

A fuzzer is a module of this folder with `NAME` and `once(rng, folder)`: it mutates one input, writes it below `folder`
and feeds it to the product. A refusal is a `GateweaveError`, which `once` may raise or swallow; all else that it raises
is a fault. `tests/sim/test_fuzz.py` runs a hundred, `make bench` ten thousand, and a fault is played again by
`python -m tests.fuzz NAME SEED CASE`.
"""
