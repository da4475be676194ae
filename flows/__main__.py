"""Brings one build up to date: `python -m flows REQUEST TARGET DAMAGED,STAGES [SNAKEMAKE ARGUMENTS]`.

Started in the folder of all builds. It asks the stages' records which of them are out of date, says so in one line, and
hands the rest to Snakemake, in this process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flows.stages.context import load_request
from flows.stale import stale_stages
from toolchain.cli.plan import STALE
from toolchain.layout import ON_DEMAND_STAGES, Layout


def main(request_file: str, target: str, damaged: str, *words: str) -> None:
    """Run Snakemake on the target; does not return."""
    from snakemake.cli import main as snakemake

    layout = Layout(load_request(Path(request_file)), Path.cwd())
    on_demand = ON_DEMAND_STAGES[layout.request.flow] if target == "all_verified" else ()
    stale = stale_stages(layout, (*layout.request.stages, *on_demand))
    print(f"{STALE}{json.dumps(stale)}", flush=True)
    forced = dict.fromkeys([*filter(None, damaged.split(",")), *stale])
    snakemake([target, *(["--forcerun", *forced] if forced else []), *words])


if __name__ == "__main__":
    main(*sys.argv[1:])
