"""Gateweave from Python: `import gateweave as gw`. The commands do the work, so files and answers are theirs."""

from toolchain.api.building import Build, Rate, build, built
from toolchain.api.network import Network, Tensor, load
from toolchain.api.quantising import quantise
from toolchain.errors import GateweaveError

__all__ = ["Build", "GateweaveError", "Network", "Rate", "Tensor", "build", "built", "load", "quantise"]
