"""Layers of one bit with learnt thresholds and learnt connections; what each is once it is learnt."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from toolchain.training.inputs import INPUT_TYPES

# Slope of the sigmoid that stands for a step, in deviations of its argument; and how steep it becomes.
_SLOPE, _STEEP = 2.0, 8.0
# A weight of so many times its neuron's mean is two; of less than the other it is zero.
_TWO, _ZERO = 1.4, 0.3
# Inputs that a neuron has left when it stops to see all of them.
_FIRST = 60
# How often connections are left out.
_EVERY = 20


class _Step(torch.autograd.Function):
    """1 from zero up, with the gradient of a sigmoid."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        soft = torch.sigmoid(_SLOPE * x)
        return gradients[0] * _SLOPE * soft * (1 - soft)


def step(x: torch.Tensor) -> torch.Tensor:
    """1 from zero up, with the gradient of a sigmoid."""
    result: torch.Tensor = _Step.apply(x)  # type: ignore[no-untyped-call]
    return result


class Thermometer(nn.Module):
    """Bits of each input, one for each of its learnt thresholds.

    Args:
        input_type: unsigned; thresholds begin evenly between zero and its greatest value.
    """

    def __init__(self, inputs: int, levels: int, input_type: str) -> None:
        super().__init__()
        self.input_type, high = input_type, INPUT_TYPES[input_type].high
        even = torch.arange(1, levels + 1) * high / (levels + 1)
        # A little apart, so that pixels find thresholds of their own.
        spread = high / (levels + 1) / 4
        self.thresholds = nn.Parameter(even.repeat(inputs, 1) + torch.empty(inputs, levels).uniform_(-spread, spread))
        self.scale = 2.0 * (levels + 1) / high

    @property
    def cuts(self) -> torch.Tensor:
        """Least input that gives a one, (inputs * levels,)."""
        return torch.ceil(self.thresholds.detach()).clamp_min(1).flatten()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, inputs * levels), inputs of a row side by side with their bits."""
        # What comes out is that of the whole cut, half a step from any input; the gradient is the threshold's.
        middle = self.thresholds + (self.cuts.view_as(self.thresholds) - 0.5 - self.thresholds).detach()
        return step((x.flatten(1)[:, :, None] - middle) * self.scale).flatten(1)


class Chosen(nn.Module):
    """Neurons of one bit that see all inputs first, and a few in the end; those with the greatest weights stay.

    Then weights are whole (-2, -1, 0, 1 or 2), and a sigmoid stands for the step of a neuron, ever steeper, until
    it is one.
    """

    masks: torch.Tensor
    places: torch.Tensor
    done: torch.Tensor

    def __init__(self, inputs: int, neurons: int, fan_in: int, batches: tuple[int, int, int]) -> None:
        """How many, and for how many batches it sees all, comes down to `fan_in`, and grows steep."""
        super().__init__()
        fan_in = min(fan_in, inputs)
        self._batches = batches
        self.weight = nn.Parameter(torch.randn(neurons, inputs) / 5)
        self.few = nn.Parameter(torch.ones(neurons, fan_in))
        self.norm = nn.BatchNorm1d(neurons)
        self.register_buffer("masks", torch.ones(neurons, inputs))
        self.register_buffer("places", torch.zeros(neurons, fan_in, dtype=torch.int64))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, neurons), -1 to 1 while it learns, one of both in the end."""
        if self.training:
            self._go_on()
        behind = int(self.done) - sum(self._batches[:2])
        if behind < 0:
            return torch.tanh(_SLOPE / 2 * self.norm(x @ (self.weight * self.masks).T))
        # What comes in stays as it is from here on, which saves most of the time.
        seen = x.detach()[:, self.places.flatten()].reshape(len(x), *self.places.shape)
        sums = self.norm((seen * _whole(self.few)).sum(2))
        share = behind / self._batches[2]
        return 2 * step(sums) - 1 if share >= 1 else torch.tanh(_SLOPE / 2 * (_STEEP / _SLOPE) ** share * sums)

    def _go_on(self) -> None:
        """Leave out connections, now and then, until those are left that stay."""
        self.done += 1
        behind, span = int(self.done) - self._batches[0], self._batches[1]
        if not 0 <= behind <= span or (behind % _EVERY and behind < span):
            return
        fan_in = self.few.shape[1]
        begin, share = min(max(_FIRST, fan_in), self.weight.shape[1]), behind / span
        sizes = self.weight.detach().abs() * self.masks
        kept = sizes.topk(round(begin * (fan_in / begin) ** share), 1).indices
        self.masks.zero_().scatter_(1, kept, 1.0)
        if behind == span:
            with torch.no_grad():
                self.places.copy_(kept)
                few = self.weight.gather(1, kept)
                self.few.copy_(few / few.abs().mean(1, keepdim=True).clamp_min(1e-6))

    def integers(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Whole weights (neurons, inputs), and the least sum that gives a one, (neurons,)."""
        few = _whole(self.few.detach())
        weights = torch.zeros_like(self.masks).scatter(1, self.places, few)
        factor = self.norm.weight.detach() / torch.sqrt(self.norm.running_var + self.norm.eps)  # type: ignore[operator]
        sign = torch.where(factor < 0, -1.0, 1.0)
        middle = self.norm.running_mean - self.norm.bias.detach() / (factor.abs().clamp_min(2.0**-20) * sign)
        reach = weights.abs().sum(1) + 1
        return weights * sign[:, None], torch.ceil((middle * sign).clamp(-reach, reach))


def _whole(weights: torch.Tensor) -> torch.Tensor:
    """-2 to 2, by how great a weight is beside the others of its neuron; the gradient passes."""
    relative = weights / weights.detach().abs().mean(1, keepdim=True).clamp_min(1e-6)
    size = (relative.abs() >= _ZERO).float() + (relative.abs() >= _TWO).float()
    return relative + (size * torch.sign(relative) - relative).detach()
