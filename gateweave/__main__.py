"""The `gateweave` command, also as `python -m gateweave`."""

from toolchain.cli import main

if __name__ == "__main__":
    main()
