"""Neurons that are look-up tables of a few bits, learnt with their connections.

A neuron's answer is one of its table's entries, 1 where that is above zero. An entry learns from the rows that chose
it. What an input is worth is told by all entries, the nearer ones more: the extended finite difference of Bacellar et
al., "Differentiable Weightless Neural Networks", ICML 2024.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import torch
from torch import nn

# Batches from one in which connections learn to the next: most of a batch's time goes into that.
_EVERY = 8
# Rate of connections, beside that of tables; and their deviation in the beginning.
_RATE, _SPREAD = 2.0, 0.1


class Neurons(nn.Module):
    """Tables of `fan_in` bits, 0 or 1; inputs are 0 and 1 as floats.

    Attributes:
        tables: (neurons, 2 ** fan_in), -1 to 1.
        places: which inputs a neuron sees, (neurons, fan_in); the first one numbers entries by one, the next by two.
        weight: how much each place is drawn to each input, (neurons * fan_in, inputs), where that is learnt.
    """

    places: torch.Tensor
    done: torch.Tensor

    def __init__(self, inputs: int, neurons: int, fan_in: int, choosing: int = 0) -> None:
        """Connections learn for so many batches; for none they are drawn, all inputs as often as each other."""
        super().__init__()
        self.inputs, self._choosing = inputs, choosing
        self.tables = nn.Parameter(torch.empty(neurons, 2**fan_in).uniform_(-1, 1))
        times = -(-neurons * fan_in // inputs)
        drawn = torch.cat([torch.randperm(inputs) for _ in range(times)])[: neurons * fan_in]
        self.register_buffer("places", drawn.reshape(neurons, fan_in))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))
        self.weight_rate = _RATE
        self.weight = nn.Parameter(torch.randn(neurons * fan_in, inputs) * _SPREAD) if choosing else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, inputs) to (rows, neurons)."""
        if not self.training:
            seen = x[:, self.places.flatten()].reshape(len(x), *self.places.shape)
            return _looked_up(seen @ _powers(self.places.shape[1]), self.tables)
        with torch.no_grad():
            self.tables.clamp_(-1, 1)
        done, self.done = int(self.done), self.done + 1
        if self.weight is None or done >= self._choosing or done % _EVERY:
            return _answers(x, self.tables, self.places, None)
        self.places = self.weight.detach().argmax(1).reshape(self.places.shape)
        return _answers(x, self.tables, self.places, self.weight)


class Merged(Neurons):
    """The same with connections that stay, written so that any reader of ONNX knows what it is.

    Attributes:
        numbers: what each input adds to the number of a neuron's entry, (inputs, neurons).
    """

    numbers: torch.Tensor

    def __init__(self, inputs: int, neurons: int, fan_in: int) -> None:
        super().__init__(inputs, neurons, fan_in)
        self.register_buffer("numbers", torch.zeros(inputs, neurons))

    @staticmethod
    def of(learnt: Neurons) -> Merged:
        """With what was learnt."""
        merged = Merged(learnt.inputs, *learnt.places.shape)
        with torch.no_grad():
            merged.tables.copy_(learnt.tables)
        merged.places = learnt.places.clone()
        powers = _powers(learnt.places.shape[1]).expand(learnt.places.shape)
        # A neuron that sees an input twice counts it by the sum.
        merged.numbers = merged.numbers.T.scatter_add(1, merged.places, powers).T.contiguous()
        return merged

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See `Neurons`."""
        return super().forward(x) if self.training else _looked_up(x @ self.numbers, self.tables)


def _looked_up(numbers: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    starts = torch.arange(len(tables)) * float(tables.shape[1])
    return (tables > 0).float().flatten()[(numbers + starts).long()]


def _powers(fan_in: int) -> torch.Tensor:
    return 2.0 ** torch.arange(fan_in)


def _answers(x: torch.Tensor, tables: torch.Tensor, places: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    return cast("torch.Tensor", _Answers.apply(x, tables, weight, places))  # type: ignore[no-untyped-call]


class _Answers(torch.autograd.Function):
    """What tables answer. A row of a tensor is a neuron or an input here, and a column one of the batch."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, tables: torch.Tensor, weight: torch.Tensor | None, places: torch.Tensor
    ) -> torch.Tensor:
        inputs = x.T.to(torch.int16).contiguous()
        seen = inputs.index_select(0, places.flatten()).reshape(*places.shape, len(x))
        numbers = seen[:, -1]
        for place in range(places.shape[1] - 2, -1, -1):
            numbers = numbers << 1 | seen[:, place]
        numbers = numbers.long()
        ctx.save_for_backward(inputs, tables, places, numbers)
        return torch.gather((tables > 0).to(x.dtype), 1, numbers).T.contiguous()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        inputs, tables, places, numbers = ctx.saved_tensors
        given = gradients[0].T.contiguous()
        of_tables = torch.zeros_like(tables).scatter_add_(1, numbers, given)
        of_x = of_weight = None
        if ctx.needs_input_grad[0] or ctx.needs_input_grad[2]:
            passed = _passed(tables, numbers, given)
            if ctx.needs_input_grad[0]:
                of_x = torch.zeros(inputs.shape).index_add_(0, places.flatten(), passed).T
            if ctx.needs_input_grad[2]:
                of_weight = passed @ inputs.to(given.dtype).T
        return of_x, of_tables, of_weight, None


def _passed(tables: torch.Tensor, numbers: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    """Gradients of the places that neurons see, (neurons * fan_in, batch)."""
    neurons, entries = tables.shape
    differences = _differences(entries)
    slopes = (tables @ differences).reshape(neurons * entries, -1)
    chosen = (numbers + (torch.arange(neurons) * entries)[:, None]).flatten()
    each = nn.functional.embedding(chosen, slopes).reshape(*given.shape, -1)
    return (each * given[:, :, None]).permute(0, 2, 1).reshape(-1, given.shape[1])


@cache
def _differences(entries: int) -> torch.Tensor:
    """Weights of entries in the difference that a place makes where an entry is chosen, (entries, entries * places).

    An entry that differs in so many other places counts for one by so many more than one; all count for two together.
    """
    bits = torch.arange(entries)[:, None] >> torch.arange(entries.bit_length() - 1) & 1
    differ = (bits[:, None] != bits[None]).float()
    nearness = 1 / (differ.sum(2, keepdim=True) - differ + 1)
    signed = (2.0 * bits - 1)[:, None] * nearness * 2 / nearness.sum(0)
    return signed.reshape(entries, -1)
