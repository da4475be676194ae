"""The one hierarchy of errors a person may see; each becomes one line and a non-zero exit.

A message names what is wrong (file, key, value), what was expected, and the mend. Anything else that
escapes is an internal fault and is reported as such, with its log.
"""


def first_line(error: BaseException) -> str:
    """What another library's error says, in one line; its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class GateweaveError(Exception):
    """Base of every error that the person running the build can act on."""


class ConfigError(GateweaveError):
    """A name, option or YAML value that cannot be used."""


class UsageError(ConfigError):
    """A command line that says something else than the commands take."""


class DataError(GateweaveError):
    """A capture or data set that cannot be read or used."""


class ModelError(GateweaveError):
    """A network or ONNX file that cannot be exported, streamlined or mapped."""


class FileError(ModelError):
    """A network's file that is broken, or that does not run at all: no board can take it."""


class FitError(GateweaveError):
    """A network that does not fit its board, or a rate that no folding reaches."""


class TooLargeError(FitError):
    """A network that does not fit its board at any rate."""


class TooDenseError(FitError):
    """A network whose unrolled core its board has too few LUTs for, or too few wires.

    Attributes:
        free: LUTs that are left for the core.
    """

    def __init__(self, message: str, free: int) -> None:
        super().__init__(message)
        self.free = free


class CongestionError(FitError):
    """A design whose cells have their places, but whose connections find no way."""


class WiresError(CongestionError):
    """One with more wires a LUT than any that was routed: another router or a slower clock would not help."""


class BudgetError(GateweaveError):
    """A budget of LUTs that no training reached."""


class ToolError(GateweaveError):
    """A tool that is missing, of the wrong version, or failed."""


class TimingError(GateweaveError):
    """Place and route ended below the clock that the design is to have.

    Attributes:
        reached_mhz: the best clock that the routed design bears; None where it could not run at any.
    """

    def __init__(self, message: str, reached_mhz: float | None = None) -> None:
        super().__init__(message)
        self.reached_mhz = reached_mhz


class VerificationError(GateweaveError):
    """Two stages gave different answers."""


class BuildError(GateweaveError):
    """The build itself cannot go on: another build runs, no disk space, interrupted."""
