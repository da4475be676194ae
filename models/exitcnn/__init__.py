"""Convolutions with early exits."""
