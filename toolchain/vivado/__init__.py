"""Vivado as a backend: found and checked, given a project, run in batch, its reports read.

Runs alone too (Python 3.8, standard library): hand-offs carry these files to the machine that has Vivado.
"""
