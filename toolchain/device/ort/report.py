"""What the self-test says of its runs."""

from typing import Any, Callable, Dict, Mapping, Optional, Sequence

Say = Callable[[str], Any]
Row = Mapping[str, Any]
"""One run by one runner: `run`, `graph`, `providers`, `runner`; then `verdict` and `latency`, or `error`."""


def passed(row: Row) -> bool:
    """Whether a run kept its promise."""
    return "verdict" in row and bool(row["verdict"]["passed"])


def promises(row: Row) -> bool:
    """Whether a run has anything to keep."""
    return "verdict" not in row or row["verdict"]["promised"]["kind"] != "none"


def fastest(rows: Sequence[Row]) -> Optional[Dict[str, Any]]:
    """The run with the least p50 among those that keep a promise; None where no such run was timed."""
    timed = [row for row in rows if passed(row) and promises(row) and "latency" in row]
    best = min(timed, key=lambda row: float(row["latency"]["p50_us"]), default=None)
    return {key: best[key] for key in ("run", "graph", "providers", "runner")} if best else None


def line(row: Row) -> str:
    """One line on one run."""
    start = f"{row['run']:<24} {row['runner']:<6} "
    if "error" in row:
        return f"{start} FAILED: {row['error']}"
    verdict, latency, floor = row["verdict"], row.get("latency"), row.get("floor")
    text = start + found(verdict) + ("" if verdict["passed"] else "  FAILED")
    if latency:
        text += f"; p50 {latency['p50_us']:.1f} us, p99 {latency['p99_us']:.1f} us"
        text += f" (floor {floor['p50_us']:.1f} us)" if floor else ""
    return text


def found(verdict: Mapping[str, Any]) -> str:
    """What was compared, what came out, and what was promised."""
    promised, compared = verdict["promised"], verdict["compared"]
    if promised["kind"] == "none":
        return f"no promise; every output: {verdict['equal']:,} of {compared:,} equal"
    what = {"exact": "every output", "labels": "labels", "values": f"outputs within {promised.get('tolerance', 0):.3g}"}
    differing = {
        "exact": compared - verdict["equal"],
        "labels": verdict["labels_differing"],
        "values": verdict["beyond"],
    }[promised["kind"]]
    equal = "" if promised["kind"] == "values" else " equal"
    text = f"{what[promised['kind']]}: {compared - differing:,} of {compared:,}{equal}"
    if promised["differing"]:
        text += f" (promised: {compared - promised['differing']:,} or more)"
    elif differing:
        text += f" (promised: all; first that differs: vector {verdict['first']})"
    text += f"; every output: {verdict['equal']:,}" if promised["kind"] != "exact" else ""
    return text + decided(verdict.get("decisions"), compared)


def decided(decisions: Optional[Mapping[str, Any]], compared: int) -> str:
    """How many vectors each stage of a network answered; nothing of another network."""
    if not decisions:
        return ""
    answered = ", ".join(f"{count:,}" for count in decisions["answered"])
    return f"; stages answer {answered}, as the reference {decisions['equal']:,} of {compared:,}"


def say_end(report: Mapping[str, Any], chosen: str, say: Say) -> None:
    """Which run was fastest here, and whether all passed.

    Args:
        chosen: the graph that the build chose.
    """
    best = report["fastest"]
    if best:
        same = "as" if best["graph"] == chosen else f"not {chosen}, as"
        say(f"fastest here: {best['run']} ({best['runner']}); {same} the build chose")
    free = sorted({row["graph"] for row in report["runs"] if not promises(row)})
    kept = "passed: every run keeps what README.md promises"
    kept += f"; nothing is promised of {', '.join(free)}" if free else ""
    failed = "FAILED: see the lines above; every figure is in work/selftest.json"
    say(kept if report["passed"] else failed)
