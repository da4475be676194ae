"""What is to be run on the device: each graph, with each way of providers that takes it, by both runners."""

from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from toolchain.errors import GateweaveError

from . import tensorrt
from .checks import CPU

TENSORRT = "TensorrtExecutionProvider"


class Run(NamedTuple):
    """One graph with one list of providers.

    Attributes:
        graph: its name, a key of device.json's `graphs`.
        providers: in the order in which they may take a node.
        options: of providers, by name.
        folder: where the runner starts, so that what a provider drops falls there; None where it does not matter.
    """

    graph: str
    providers: List[str]
    options: Dict[str, Dict[str, str]]
    folder: Optional[Path] = None

    @property
    def name(self) -> str:
        """The graph, and the provider that comes first."""
        return f"{self.graph} on {self.providers[0].replace('ExecutionProvider', '')}"


def runs_of(
    device: Mapping[str, Any], providers: Sequence[str], found: Mapping[str, Any], facts: Mapping[str, Any], work: Path
) -> List[Run]:
    """All runs that make sense here: every graph on the CPU, and those that a GPU takes on each of its providers.

    Args:
        device: device.json.
        providers: those to use, in the order of preference.
        found: what `probe.py` says, with the runtime.
        facts: what `machine.describe` says.
        work: folder for engine caches.
    """
    graphs = device["graphs"]
    runs = [Run(name, [CPU], {}) for name in graphs]
    refused = skipped(device, providers)
    for name, graph in graphs.items():
        for index, provider in enumerate(providers if graph["gpu"] else ()):
            if provider == TENSORRT and name not in refused:
                runs.append(_tensorrt_run(device, name, list(providers[index:]), found, facts, work))
            elif provider not in (CPU, TENSORRT) and graph["precision"] != "int8":
                # CUDA computes Q/DQ nodes one by one in floats: nothing that the fp32 graph does not show.
                runs.append(Run(name, list(providers[index:]), {}))
    return runs


def skipped(device: Mapping[str, Any], providers: Sequence[str]) -> Dict[str, str]:
    """Graphs that are made for TensorRT, but that it does not take on this board, with the reason."""
    reasons = {}
    made_for_it = {name: graph for name, graph in device["graphs"].items() if graph["gpu"] and TENSORRT in providers}
    for name, graph in made_for_it.items():
        try:
            tensorrt.must_take(graph["precision"], device["jetson"]["tensorrt"], device["jetson"]["int8"])
        except GateweaveError as error:
            reasons[name] = str(error)
    return reasons


def _tensorrt_run(
    device: Mapping[str, Any],
    name: str,
    providers: List[str],
    found: Mapping[str, Any],
    facts: Mapping[str, Any],
    work: Path,
) -> Run:
    graph, jetson = device["graphs"][name], facts["jetson"] or {}
    runtime = found["onnxruntime"]
    key = tensorrt.engine_key(graph["sha256"], runtime, jetson, graph["precision"])
    cache = work / "engines" / key
    cache.mkdir(parents=True, exist_ok=True)
    version = jetson["tensorrt"]
    options = tensorrt.provider_options(graph["precision"], version, runtime, device["jetson"]["int8"], str(cache))
    return Run(name, providers, {TENSORRT: options}, cache)
