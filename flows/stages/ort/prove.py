"""prove: every graph on ONNX Runtime against the reference, on all vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import onnxruntime

from flows.stages.context import Context, Outcome
from flows.stages.foreign.load import file_of
from flows.stages.ort.files import OWN, binds, load
from flows.stages.ort.graphs import file_settings
from flows.stages.ort.widths import check_widths
from toolchain.board import OrtBoard
from toolchain.errors import VerificationError
from toolchain.report.comparisons import counted
from toolchain.results.check import Check
from toolchain.results.device import COMPILED
from toolchain.results.facts import ProveFacts
from toolchain.results.facts.runtime import GraphProof
from toolchain.runtime.compare import Proof, first_difference, near
from toolchain.runtime.compiled_graph import MEANING
from toolchain.runtime.derive.graphs import MEANINGS
from toolchain.runtime.imported import FILE, Imported
from toolchain.runtime.network_file.derived import ABLE, first_node
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.prove import settle
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.session import open_session, run_session

# Share of labels that may differ in a graph that is chosen; those of `_EXACT` must not differ at all.
BUDGET = 0.001
_EXACT = ("fp32", "qcdq", COMPILED)

_FOREIGN_MEANINGS = {
    "fp32": "the model in float32",
    "fp16": "the model in float16",
    "qdq": "the file as it came, quantised",
    "lowered": "the model's quantisers as float operators",
    "int8": "post-training int8, per channel",
    "tensorrt": "symmetric int8 as TensorRT takes it; checked here on the CPU provider",
}


def run(context: Context) -> Outcome:
    """Find the session options that each graph needs; facts hold the counts."""
    made = load(context)
    proofs = _own(made, context) if made.kind == OWN else prove_import(made, context.progress)
    checks = _checks(made, proofs)
    for name, check in checks.items():
        if not check.kept:
            raise VerificationError(_differs(context, made, name, check, proofs[name]))
    checks |= (widths := check_widths(context, made, proofs))
    for name, check in widths.items():
        if not check.kept:
            raise VerificationError(f"{name}: {check.differing:,} of {check.compared:,} inputs differ")
    facts = ProveFacts(
        budget=BUDGET, graphs={name: _facts(made, name, proof, context.ort_board) for name, proof in proofs.items()}
    )
    tools = {"onnxruntime": onnxruntime.__version__}
    told = f"; at each width, {len(widths)} times" if widths else ""
    return Outcome(_summary(made, proofs) + told, checks, facts, tools)


def _own(made: Imported, context: Context) -> dict[str, Proof]:
    def one(name: str) -> Proof:
        context.progress(f"{name}: {len(made.vectors.x):,} vectors")
        return settle(made.graphs[name], made.vectors.x, made.reference, exact=True, progress=context.progress)

    return {name: one(name) for name in made.graphs}


def _checks(made: Imported, proofs: Mapping[str, Proof]) -> dict[str, Check]:
    """What must hold: every output of our own exact graphs, and of those of a file of integers; the first graph of a
    foreign model; the budget of all that keep it, and so may be chosen.
    """
    if made.kind == OWN:
        names = [name for name, proof in proofs.items() if name in _EXACT or proof.exact]
        return {name: Check(proofs[name].compared, proofs[name].equal, "outputs", made.vectors.kind) for name in names}
    first = next(iter(proofs))
    must = {name for name in proofs if name == first or (made.whole and name in _EXACT)}
    names = [name for name, proof in proofs.items() if name in must or _within_budget(made, name, proof)]
    return {name: _check(made, proofs[name], whole=name in must) for name in names}


def _check(made: Imported, proof: Proof, *, whole: bool) -> Check:
    """The comparison that a proof stands for: of outputs where all are equal, else of what the outputs mean.

    Args:
        whole: nothing may differ; else as many as the budget has.
    """
    vectors = made.vectors.kind
    if proof.exact:
        return Check(proof.compared, proof.equal, "outputs", vectors)
    allowed = 0 if whole else int(BUDGET * proof.compared)
    if made.classifies and not (made.whole and whole):
        return Check(proof.compared, proof.labels_equal, "labels", vectors, allowed=allowed)
    return Check(proof.compared, proof.near, "outputs", vectors, proof.tolerance, allowed)


def _differs(context: Context, made: Imported, name: str, check: Check, proof: Proof) -> str:
    """Which vector and output of a graph differ, and, of a graph of integers, at which node."""
    labels = check.what == "labels"
    first = int(np.argmin(proof.label_rows if labels else proof.near_rows))
    how = "" if labels else f" by more than {check.tolerance:g} of their size"
    mend = "; if only the label counts, say OUTPUTS=classes" if check.tolerance and proof.labelled else ""
    told = f"{name}: input {first} differs ({check.differing:,} of {check.compared:,} {check.what} differ{how}){mend}"
    x, wanted = made.vectors.x[first : first + 1], made.reference[first : first + 1]
    got = run_session(open_session(made.graphs[name], proof.options), x, 1)
    if not all(part.all() for part in near(got, wanted, 0.0)):
        outputs = [value.name for value in made.graphs[name].graph.output]
        told += f"; {first_difference(wanted, got, outputs, 0.0).replace('vector 0, ', '')}"
    if context.request.file and made.is_whole(name) and name in ABLE:
        source = open_network(file_of(context)).source
        told += first_node(source, name, file_settings(context), made.graphs[name], proof.options, x)
    return told


def _within_budget(made: Imported, name: str, proof: Proof) -> bool:
    if made.whole and name == FILE:
        # It may answer otherwise by its kernels alone; then it is no candidate.
        return proof.near == proof.compared
    good = proof.labels_equal if made.classifies else proof.near
    return proof.compared - good <= BUDGET * proof.compared


def _facts(made: Imported, name: str, proof: Proof, board: OrtBoard) -> GraphProof:
    meanings = {**MEANINGS, COMPILED: MEANING} if made.kind == OWN or made.is_whole(name) else _FOREIGN_MEANINGS
    # Of values no label is meant, and NaN has none.
    labelled = proof.labelled and made.classifies
    bound = binds(made, name, board)
    return GraphProof(
        meaning=meanings[name] if bound else f"{meanings[name]}; the board's processor rounds sums otherwise",
        exact=proof.exact,
        within_budget=_within_budget(made, name, proof),
        binds=bound,
        check=_check(made, proof, whole=False),
        compared=proof.compared,
        equal=proof.equal,
        near=proof.near,
        labels_equal=proof.labels_equal if labelled else None,
        differing=proof.differing if labelled else None,
        largest_difference=_finite(proof.largest),
        largest_relative_difference=_finite(proof.relative),
        first_difference=proof.first,
        tolerance=proof.tolerance,
        batches=proof.batches,
        options=proof.options,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _summary(made: Imported, proofs: Mapping[str, Proof]) -> str:
    """Such as ``1,000 random vectors; every output equal: fp32; labels equal: int8 994``."""
    exact = [name for name, proof in proofs.items() if proof.exact]
    rest = {name: proof for name, proof in proofs.items() if not proof.exact}
    parts = [f"every output equal: {', '.join(exact)}"] if exact else []
    if rest and made.classifies:
        parts.append("labels equal: " + ", ".join(f"{name} {proof.labels_equal:,}" for name, proof in rest.items()))
    elif rest:
        near = ", ".join(f"{name} {proof.near:,}" for name, proof in rest.items())
        parts.append(f"outputs within {next(iter(rest.values())).tolerance:g}: {near}")
    return f"{counted(len(made.vectors.x), made.vectors.kind)}; {'; '.join(parts)}"
