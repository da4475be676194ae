"""What a package runs on the device: checks, installation, self-test. Standard library only, Python 3.6 or newer."""
