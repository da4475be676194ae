"""Latency and energy of a network on its board."""
