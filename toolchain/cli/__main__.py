"""`python -m toolchain.cli`, for where the `gateweave` script is not installed."""

from toolchain.cli import main

main()
