"""What each stage of a Gateweave build does: plain functions from files to files."""

__version__ = "0.1.0"
