"""prove: every graph on ONNX Runtime against the reference, on all vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnxruntime

from flows.stages.context import Context, Outcome
from flows.stages.ort.files import OWN, load
from toolchain.errors import VerificationError
from toolchain.record import Check
from toolchain.runtime.graphs import MEANINGS
from toolchain.runtime.prove import Proof, settle
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.third_party import Imported

# Share of labels that may differ in a graph that is chosen; those of `_EXACT` must not differ at all.
BUDGET = 0.001
_EXACT = ("fp32", "qcdq")

_FOREIGN_MEANINGS = {
    "fp32": "the model in float32",
    "fp16": "the model in float16",
    "qdq": "the model as it came, quantised",
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
        _must_agree(name, check, proofs[name])
    facts = {name: _facts(made, name, proof) for name, proof in proofs.items()}
    exact = [name for name, proof in proofs.items() if proof.exact]
    summary = f"exact on all {len(made.vectors.x):,} vectors: {', '.join(exact) or 'none'}"
    near = [f"{name} {proof.differing:,} labels" for name, proof in proofs.items() if not proof.exact]
    more = f"; differing: {', '.join(near)}" if near else ""
    tools = {"onnxruntime": onnxruntime.__version__}
    return Outcome(summary + more, checks, {"budget": BUDGET, "graphs": facts}, tools)


def _own(made: Imported, context: Context) -> dict[str, Proof]:
    def one(name: str) -> Proof:
        context.progress(f"{name}: {len(made.vectors.x):,} vectors")
        return settle(made.graphs[name], made.vectors.x, made.reference, exact=True, progress=context.progress)

    return {name: one(name) for name in made.graphs}


def _checks(made: Imported, proofs: Mapping[str, Proof]) -> dict[str, Check]:
    """What must hold: all values of our own exact graphs and of all that came out exact; a foreign model's labels."""
    vectors = made.vectors.kind
    if made.kind == OWN:
        names = [name for name, proof in proofs.items() if name in _EXACT or proof.exact]
        return {name: Check(proofs[name].compared, proofs[name].equal, "outputs", vectors) for name in names}
    first = next(iter(proofs))
    proof = proofs[first]
    if made.classifies:
        return {first: Check(proof.compared, proof.labels_equal, "labels", vectors)}
    return {first: Check(proof.compared, proof.equal, "outputs", vectors, proof.tolerance)}


def _must_agree(name: str, check: Check, proof: Proof) -> None:
    if not check.kept:
        raise VerificationError(
            f"{name}: input {proof.first} differs ({check.differing} of {check.compared} {check.what} differ)"
        )


def _facts(made: Imported, name: str, proof: Proof) -> dict[str, Any]:
    meanings = MEANINGS if made.kind == OWN else {**MEANINGS, **_FOREIGN_MEANINGS}
    share = proof.differing / proof.compared
    good = share <= BUDGET if made.classifies else proof.exact
    return {"meaning": meanings[name], "exact": proof.exact, "within_budget": good, **proof.to_json()}
