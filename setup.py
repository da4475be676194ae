"""What pyproject.toml cannot say: a wheel is put together in a folder of its own.

Setuptools would do so in `build/`, which holds Gateweave's builds, and an older wheel's files would stay there.
"""

from tempfile import TemporaryDirectory

from setuptools import setup
from setuptools.command.build import build


class _Build(build):
    def initialize_options(self) -> None:
        super().initialize_options()
        self._folder = TemporaryDirectory(prefix="gateweave-")
        self.build_base = self._folder.name


setup(cmdclass={"build": _Build})
